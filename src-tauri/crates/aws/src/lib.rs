//! The other party: IAM Identity Center, STS and console federation.
