//! SigV4 against AWS's own suite, against a peer signer, and against every byte that could be changed.
