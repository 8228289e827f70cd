//! Why Windows terminates.

/// The data that Windows puts into a Terminate-Request: 12 bytes, the last four of them an error
/// number of its Remote Access Service.
///
/// No RFC has it. Magic number (4), the bytes `00 3c cd 74`, error number (4); both numbers are
/// big-endian. Error 0 is an ordinary end.
///
/// ```
/// use ppp_fsm::lcp::MicrosoftTermination;
///
/// // From a published trace: the client shows error 742, the encryption is not supported.
/// let data = [0x79, 0x12, 0x7f, 0xbe, 0x00, 0x3c, 0xcd, 0x74, 0x00, 0x00, 0x02, 0xe6];
/// let reason = MicrosoftTermination { magic_number: 0x7912_7fbe, error: 742 };
/// assert_eq!(MicrosoftTermination::decode(&data), Some(reason));
/// assert_eq!(reason.to_bytes(), data);
/// assert_eq!(reason.to_string(), "magic 0x79127fbe error 742");
/// assert_eq!(MicrosoftTermination::decode(b"User request"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the data has no other parts")]
pub struct MicrosoftTermination {
    /// The sender's magic number.
    pub magic_number: u32,
    /// The error number, as the user of Windows is shown it: 691, 734, 742 …
    pub error: u32,
}

impl MicrosoftTermination {
    /// Magic number (4), signature (4), error number (4).
    pub const LEN: usize = 12;

    const SIGNATURE: [u8; 4] = [0x00, 0x3c, 0xcd, 0x74];

    /// Reads the data of a Terminate-Request. `None` when it is something else, such as a text.
    #[must_use]
    pub fn decode(data: &[u8]) -> Option<Self> {
        let (magic_number, rest) = data.split_first_chunk()?;
        let (signature, error) = rest.split_first_chunk()?;
        // Any other text is for people.
        if *signature != Self::SIGNATURE {
            return None;
        }
        Some(Self {
            magic_number: u32::from_be_bytes(*magic_number),
            error: u32::from_be_bytes(error.try_into().ok()?),
        })
    }

    /// Returns the data for a Terminate-Request.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let [m0, m1, m2, m3] = self.magic_number.to_be_bytes();
        let [s0, s1, s2, s3] = Self::SIGNATURE;
        let [e0, e1, e2, e3] = self.error.to_be_bytes();
        [m0, m1, m2, m3, s0, s1, s2, s3, e0, e1, e2, e3]
    }

    /// Writes the data to the start of `buf`, and gives the bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`](crate::BufferTooSmall) when `buf` is shorter than [`LEN`](Self::LEN).
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], crate::BufferTooSmall> {
        let available = buf.len();
        let too_small = crate::BufferTooSmall { needed: Self::LEN, available };
        let bytes = buf.first_chunk_mut().ok_or(too_small)?;
        *bytes = self.to_bytes();
        Ok(bytes)
    }
}

impl core::fmt::Display for MicrosoftTermination {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "magic {:#010x} error {}", self.magic_number, self.error)
    }
}
