//! The verbs: every use case once, whatever door the caller came in by.
