//! OpenSSL's DES, MD4 and SHA-1, from the system's library, if there is one.
#![expect(unsafe_code, reason = "foreign functions")]

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};
use std::ptr;

use libloading::{Library, Symbol};

/// The functions that a login needs of a library.
pub trait Primitives: 'static {
    /// Returns one block of DES.
    fn des(&mut self, key: &[u8; 8], block: &[u8; 8]) -> [u8; 8];
    /// Computes MD4.
    fn md4(&mut self, data: &[u8]) -> [u8; 16];
    /// Computes SHA-1 over the parts.
    fn sha1(&mut self, parts: [&[u8]; 4]) -> [u8; 20];
}

fn library() -> Option<&'static Library> {
    // SAFETY: the library's initialisation has no requirements.
    let library = unsafe { Library::new("libcrypto.so.3") }.ok()?;
    // It stays until the program ends, and so do its functions.
    Some(Box::leak(Box::new(library)))
}

fn symbol<T: Copy + 'static>(library: &'static Library, name: &str) -> Option<T> {
    // SAFETY: the types below are those of OpenSSL 3.0's headers, and `name` is looked up beside each.
    let symbol: Symbol<'static, T> = unsafe { library.get(name.as_bytes()) }.ok()?;
    Some(*symbol)
}

type New = unsafe extern "C" fn() -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void);
type Load = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;
type Fetch = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char) -> *mut c_void;
type CipherInit =
    unsafe extern "C" fn(*mut c_void, *const c_void, *const c_uchar, *const c_uchar, *const c_void) -> c_int;
type CipherUpdate = unsafe extern "C" fn(*mut c_void, *mut c_uchar, *mut c_int, *const c_uchar, c_int) -> c_int;
type DigestInit = unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void) -> c_int;
type DigestUpdate = unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> c_int;
type DigestFinal = unsafe extern "C" fn(*mut c_void, *mut c_uchar, *mut c_uint) -> c_int;

/// The functions of `EVP_*`. Functions are fetched once and kept; contexts are kept, or made again
/// each time, as programs do.
#[derive(Debug)]
pub struct Evp {
    keep: bool,
    des: *mut c_void,
    cipher: *mut c_void,
    md4: [*mut c_void; 2],
    sha1: [*mut c_void; 2],
    new_cipher: New,
    free_cipher: Free,
    new_digest: New,
    free_digest: Free,
    init: CipherInit,
    update: CipherUpdate,
    digest_init: DigestInit,
    digest_update: DigestUpdate,
    digest_final: DigestFinal,
}

impl Evp {
    /// Creates the functions of the system's library, whose contexts are kept or not; `None` when
    /// there is no library, or no legacy provider.
    #[must_use]
    pub fn load(keep: bool) -> Option<Self> {
        let library = library()?;
        let load: Load = symbol(library, "OSSL_PROVIDER_load")?;
        let fetch_cipher: Fetch = symbol(library, "EVP_CIPHER_fetch")?;
        let fetch_digest: Fetch = symbol(library, "EVP_MD_fetch")?;
        let new_cipher: New = symbol(library, "EVP_CIPHER_CTX_new")?;
        let new_digest: New = symbol(library, "EVP_MD_CTX_new")?;
        let init: CipherInit = symbol(library, "EVP_EncryptInit_ex2")?;
        let (nowhere, none) = (ptr::null_mut(), ptr::null());
        // SAFETY: names end in zero; what is fetched is kept until the program ends; a new context takes a cipher, and
        // its key later.
        let (des, cipher, md4, sha1) = unsafe {
            load(nowhere, c"legacy".as_ptr());
            load(nowhere, c"default".as_ptr());
            let des = fetch_cipher(nowhere, c"DES-ECB".as_ptr(), none);
            let cipher = new_cipher();
            if des.is_null() || cipher.is_null() || init(cipher, des, ptr::null(), ptr::null(), ptr::null()) != 1 {
                return None;
            }
            let digest = |name: &std::ffi::CStr| [fetch_digest(nowhere, name.as_ptr(), none), new_digest()];
            (des, cipher, digest(c"MD4"), digest(c"SHA1"))
        };
        if [md4, sha1].concat().iter().any(|pointer| pointer.is_null()) {
            return None;
        }
        Some(Self {
            keep,
            des,
            cipher,
            md4,
            sha1,
            new_cipher,
            free_cipher: symbol(library, "EVP_CIPHER_CTX_free")?,
            new_digest,
            free_digest: symbol(library, "EVP_MD_CTX_free")?,
            init,
            update: symbol(library, "EVP_EncryptUpdate")?,
            digest_init: symbol(library, "EVP_DigestInit_ex2")?,
            digest_update: symbol(library, "EVP_DigestUpdate")?,
            digest_final: symbol(library, "EVP_DigestFinal_ex")?,
        })
    }

    fn digest<const N: usize>(&self, [digest, context]: [*mut c_void; 2], parts: &[&[u8]]) -> [u8; N] {
        let mut bytes = [0; N];
        // SAFETY: the context is a digest's of N bytes, the parts have the lengths that are said.
        unsafe {
            let context = if self.keep { context } else { (self.new_digest)() };
            (self.digest_init)(context, digest, ptr::null());
            for part in parts {
                (self.digest_update)(context, part.as_ptr().cast(), part.len());
            }
            (self.digest_final)(context, bytes.as_mut_ptr(), ptr::null_mut());
            if !self.keep {
                (self.free_digest)(context);
            }
        }
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
            let (context, cipher) =
                if self.keep { (self.cipher, ptr::null()) } else { ((self.new_cipher)(), self.des.cast_const()) };
            (self.init)(context, cipher, key.as_ptr(), ptr::null(), ptr::null());
            (self.update)(context, bytes.as_mut_ptr(), &raw mut written, block.as_ptr(), 8);
            if !self.keep {
                (self.free_cipher)(context);
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

/// `SHA_CTX` and `MD4_CTX`: 96 bytes at most, and room to spare.
#[repr(C, align(16))]
struct Context([u64; 16]);

type SetKey = unsafe extern "C" fn(*const c_uchar, *mut Schedule);
type Encrypt = unsafe extern "C" fn(*const c_uchar, *mut c_uchar, *mut Schedule, c_int);
type Init = unsafe extern "C" fn(*mut Context) -> c_int;
type Update = unsafe extern "C" fn(*mut Context, *const c_void, usize) -> c_int;
type Final = unsafe extern "C" fn(*mut c_uchar, *mut Context) -> c_int;

/// `DES_*`, `MD4_*` and `SHA1_*`.
#[derive(Debug)]
pub struct LowLevel {
    set_key: SetKey,
    encrypt: Encrypt,
    md4: (Init, Update, Final),
    sha1: (Init, Update, Final),
}

impl LowLevel {
    /// Creates the functions of the system's library; `None` when it is missing.
    #[must_use]
    pub fn load() -> Option<Self> {
        let library = library()?;
        Some(Self {
            set_key: symbol(library, "DES_set_key_unchecked")?,
            encrypt: symbol(library, "DES_ecb_encrypt")?,
            md4: (symbol(library, "MD4_Init")?, symbol(library, "MD4_Update")?, symbol(library, "MD4_Final")?),
            sha1: (symbol(library, "SHA1_Init")?, symbol(library, "SHA1_Update")?, symbol(library, "SHA1_Final")?),
        })
    }
}

fn digest<const N: usize>((init, update, finish): (Init, Update, Final), parts: &[&[u8]]) -> [u8; N] {
    let mut context = Context([0; 16]);
    let mut bytes = [0; N];
    // SAFETY: the context is large enough, the digest has N bytes, the parts have the lengths that
    // are said.
    unsafe {
        init(&raw mut context);
        for part in parts {
            update(&raw mut context, part.as_ptr().cast(), part.len());
        }
        finish(bytes.as_mut_ptr(), &raw mut context);
    }
    bytes
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
        digest(self.md4, &[data])
    }

    fn sha1(&mut self, parts: [&[u8]; 4]) -> [u8; 20] {
        digest(self.sha1, &parts)
    }
}
