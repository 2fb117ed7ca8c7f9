//! Door: the data path. API stages in front of MLflow: route, authorize, forward.
