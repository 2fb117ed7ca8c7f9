//! The services: one function per operation. Each reads its parameters, calls one verb and writes the reply, whose
//! shape is that of the service's API model. No rules here.

pub(crate) mod cognito_idp;
pub(crate) mod explain;
pub(crate) mod iam;
pub(crate) mod sts;
