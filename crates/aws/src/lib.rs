//! Door: the AWS wire API. Request to verb to reply; no rules here.
