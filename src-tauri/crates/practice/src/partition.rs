//! Partition: the part of AWS a Region belongs to, with its own ARNs, consoles and credentials.

/// One of AWS's partitions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Partition {
    Aws,
    China,
    GovCloud,
    Sovereign,
}

impl Partition {
    /// As in `partitions.json`: by the beginning of the Region.
    pub(crate) fn of(region: &str) -> Self {
        let begins = |prefix: &str| region.starts_with(prefix);
        match () {
            () if begins("cn-") => Self::China,
            () if begins("us-gov-") => Self::GovCloud,
            () if begins("eusc-") => Self::Sovereign,
            () => Self::Aws,
        }
    }

    /// The second field of its ARNs.
    pub(crate) fn arn_name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::GovCloud => "aws-us-gov",
            Self::Sovereign => "aws-eusc",
        }
    }

    /// Where its console is.
    pub(crate) fn console_host(self) -> &'static str {
        match self {
            Self::Aws => "console.aws.amazon.com",
            Self::China => "console.amazonaws.cn",
            Self::GovCloud => "console.amazonaws-us-gov.com",
            Self::Sovereign => "console.amazonaws-eusc.eu",
        }
    }
}
