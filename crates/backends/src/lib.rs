//! The real parts: MLflow as a process Garita starts.
