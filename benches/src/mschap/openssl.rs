//! OpenSSL's DES, MD4 and SHA-1, from the system's library, if there is one.
#![expect(unsafe_code, reason = "foreign functions")]

use std::ffi::{c_int, c_uchar, c_void};
use std::ptr;

use crate::openssl::{Digest, Functions, library, symbol};

/// The functions that a login needs of a library.
pub trait Primitives: 'static {
    /// Returns one block of DES.
    fn des(&mut self, key: &[u8; 8], block: &[u8; 8]) -> [u8; 8];
    /// Computes MD4.
    fn md4(&mut self, data: &[u8]) -> [u8; 16];
    /// Computes SHA-1 over the parts.
    fn sha1(&mut self, parts: [&[u8]; 4]) -> [u8; 20];
}

/// The functions of `EVP_*`. Functions are fetched once and kept; contexts are kept, or made again
/// each time, as programs do.
#[derive(Debug)]
pub struct Evp {
    keep: bool,
    functions: Functions,
    des: *mut c_void,
    cipher: *mut c_void,
    md4: [*mut c_void; 2],
    sha1: [*mut c_void; 2],
}

impl Evp {
    /// Creates the functions of the system's library, whose contexts are kept or not; `None` when
    /// there is no library, or no legacy provider.
    #[must_use]
    pub fn load(keep: bool) -> Option<Self> {
        let functions = Functions::load()?;
        let des = functions.cipher(c"DES-ECB")?;
        let cipher = functions.context(des);
        let (md4, sha1) = (functions.digest(c"MD4")?, functions.digest(c"SHA1")?);
        (!cipher.is_null()).then_some(Self { keep, functions, des, cipher, md4, sha1 })
    }

    fn digest<const N: usize>(&self, [digest, kept]: [*mut c_void; 2], parts: &[&[u8]]) -> [u8; N] {
        if self.keep {
            return self.functions.hash([digest, kept], parts);
        }
        // SAFETY: a new context, which is not used behind its end.
        let context = unsafe { (self.functions.new_digest)() };
        let bytes = self.functions.hash([digest, context], parts);
        // SAFETY: as above.
        unsafe { (self.functions.free_digest)(context) };
        bytes
    }
}

impl Primitives for Evp {
    fn des(&mut self, key: &[u8; 8], block: &[u8; 8]) -> [u8; 8] {
        // Room for a block more than there is.
        let mut bytes = [0; 16];
        let mut written = 0;
        // SAFETY: the context has a cipher with keys and blocks of 8 bytes.
        unsafe {
            let (context, cipher) = if self.keep {
                (self.cipher, ptr::null())
            } else {
                ((self.functions.new_cipher)(), self.des.cast_const())
            };
            (self.functions.init)(context, cipher, key.as_ptr(), ptr::null(), ptr::null());
            (self.functions.update)(context, bytes.as_mut_ptr(), &raw mut written, block.as_ptr(), 8);
            if !self.keep {
                (self.functions.free_cipher)(context);
            }
        }
        *bytes.first_chunk().expect("8 bytes")
    }

    fn md4(&mut self, data: &[u8]) -> [u8; 16] {
        self.digest(self.md4, &[data])
    }

    fn sha1(&mut self, parts: [&[u8]; 4]) -> [u8; 20] {
        self.digest(self.sha1, &parts)
    }
}

/// `DES_key_schedule` of `openssl/des.h`: sixteen rounds of 8 bytes.
#[repr(C, align(16))]
struct Schedule([u64; 16]);

type SetKey = unsafe extern "C" fn(*const c_uchar, *mut Schedule);
type Encrypt = unsafe extern "C" fn(*const c_uchar, *mut c_uchar, *mut Schedule, c_int);

/// `DES_*`, `MD4_*` and `SHA1_*`.
#[derive(Debug)]
pub struct LowLevel {
    set_key: SetKey,
    encrypt: Encrypt,
    md4: Digest,
    sha1: Digest,
}

impl LowLevel {
    /// Creates the functions of the system's library; `None` when it is missing.
    #[must_use]
    pub fn load() -> Option<Self> {
        let library = library()?;
        Some(Self {
            set_key: symbol(library, "DES_set_key_unchecked")?,
            encrypt: symbol(library, "DES_ecb_encrypt")?,
            md4: Digest::load(library, "MD4")?,
            sha1: Digest::load(library, "SHA1")?,
        })
    }
}

impl Primitives for LowLevel {
    fn des(&mut self, key: &[u8; 8], block: &[u8; 8]) -> [u8; 8] {
        let mut schedule = Schedule([0; 16]);
        let mut bytes = [0; 8];
        // SAFETY: keys and blocks have 8 bytes; 1 is to encrypt.
        unsafe {
            (self.set_key)(key.as_ptr(), &raw mut schedule);
            (self.encrypt)(block.as_ptr(), bytes.as_mut_ptr(), &raw mut schedule, 1);
        }
        bytes
    }

    fn md4(&mut self, data: &[u8]) -> [u8; 16] {
        self.md4.of(&[data])
    }

    fn sha1(&mut self, parts: [&[u8]; 4]) -> [u8; 20] {
        self.sha1.of(&parts)
    }
}
