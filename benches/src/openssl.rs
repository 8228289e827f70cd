//! OpenSSL's RC4 and SHA-1, from the system's library, if there is one.
#![expect(unsafe_code, reason = "foreign functions")]

use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};

use libloading::{Library, Symbol};

/// `RC4_KEY` of `openssl/rc4.h`.
#[repr(C)]
pub struct Rc4Key {
    x: c_uint,
    y: c_uint,
    data: [c_uint; 256],
}

/// `SHA_CTX` of `openssl/sha.h`: 96 bytes, and room to spare.
#[repr(C, align(16))]
struct ShaContext([u64; 16]);

type SetKey = unsafe extern "C" fn(*mut Rc4Key, c_int, *const c_uchar);
type Run = unsafe extern "C" fn(*mut Rc4Key, usize, *const c_uchar, *mut c_uchar);
type ShaInit = unsafe extern "C" fn(*mut ShaContext) -> c_int;
type ShaUpdate = unsafe extern "C" fn(*mut ShaContext, *const c_void, usize) -> c_int;
type ShaFinal = unsafe extern "C" fn(*mut c_uchar, *mut ShaContext) -> c_int;
type New = unsafe extern "C" fn() -> *mut c_void;
type Load = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;
type Fetch = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_char) -> *mut c_void;
type CipherInit =
    unsafe extern "C" fn(*mut c_void, *const c_void, *const c_uchar, *const c_uchar, *const c_void) -> c_int;
type CipherUpdate = unsafe extern "C" fn(*mut c_void, *mut c_uchar, *mut c_int, *const c_uchar, c_int) -> c_int;
type DigestInit = unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void) -> c_int;
type DigestUpdate = unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> c_int;
type DigestFinal = unsafe extern "C" fn(*mut c_void, *mut c_uchar, *mut c_uint) -> c_int;

fn library() -> Option<&'static Library> {
    // SAFETY: the library's initialisation has no requirements.
    let library = unsafe { Library::new("libcrypto.so.3") }.ok()?;
    // It stays until the program ends, and so do its functions.
    Some(Box::leak(Box::new(library)))
}

fn symbol<T: Copy + 'static>(library: &'static Library, name: &str) -> Option<T> {
    // SAFETY: the types above are those of OpenSSL 3.0's headers, and `name` is looked up beside each.
    let symbol: Symbol<'static, T> = unsafe { library.get(name.as_bytes()) }.ok()?;
    Some(*symbol)
}

/// The functions that MPPE needs of a library.
pub trait Primitives: Clone + 'static {
    /// A cipher that can be keyed.
    type Cipher;

    /// Returns a cipher, not keyed.
    fn cipher(&self) -> Self::Cipher;
    /// Runs RC4's key schedule.
    fn set_key(&self, cipher: &mut Self::Cipher, key: &[u8]);
    /// Applies RC4 in place.
    fn apply(&self, cipher: &mut Self::Cipher, data: &mut [u8]);
    /// Computes SHA-1 over the parts.
    fn sha1(&self, parts: [&[u8]; 4]) -> [u8; 20];
}

/// `RC4_set_key`, `RC4` and `SHA1_*`.
#[derive(Clone, Copy, Debug)]
pub struct LowLevel {
    set_key: SetKey,
    run: Run,
    sha_init: ShaInit,
    sha_update: ShaUpdate,
    sha_final: ShaFinal,
}

impl LowLevel {
    /// Creates the functions of the system's library; `None` when it is missing.
    #[must_use]
    pub fn load() -> Option<Self> {
        let library = library()?;
        Some(Self {
            set_key: symbol(library, "RC4_set_key")?,
            run: symbol(library, "RC4")?,
            sha_init: symbol(library, "SHA1_Init")?,
            sha_update: symbol(library, "SHA1_Update")?,
            sha_final: symbol(library, "SHA1_Final")?,
        })
    }
}

impl Primitives for LowLevel {
    type Cipher = Rc4Key;

    fn cipher(&self) -> Rc4Key {
        Rc4Key { x: 0, y: 0, data: [0; 256] }
    }

    fn set_key(&self, cipher: &mut Rc4Key, key: &[u8]) {
        let length = c_int::try_from(key.len()).expect("a key of RC4");
        // SAFETY: `cipher` is an RC4_KEY, `key` has `length` bytes.
        unsafe { (self.set_key)(cipher, length, key.as_ptr()) };
    }

    fn apply(&self, cipher: &mut Rc4Key, data: &mut [u8]) {
        let at = data.as_mut_ptr();
        // SAFETY: input and output are the same bytes, which RC4 allows.
        unsafe { (self.run)(cipher, data.len(), at, at) };
    }

    fn sha1(&self, parts: [&[u8]; 4]) -> [u8; 20] {
        let mut context = ShaContext([0; 16]);
        let mut digest = [0; 20];
        // SAFETY: the context is large enough, parts and digest have the lengths that are said.
        unsafe {
            (self.sha_init)(&raw mut context);
            for part in parts {
                (self.sha_update)(&raw mut context, part.as_ptr().cast(), part.len());
            }
            (self.sha_final)(digest.as_mut_ptr(), &raw mut context);
        }
        digest
    }
}

/// The functions of `EVP_*` with RC4 of the legacy provider: what is fetched once is kept, and so are the contexts.
#[derive(Clone, Copy, Debug)]
pub struct Evp {
    cipher: *mut c_void,
    digest: *mut c_void,
    digest_context: *mut c_void,
    cipher_context: New,
    init: CipherInit,
    update: CipherUpdate,
    digest_init: DigestInit,
    digest_update: DigestUpdate,
    digest_final: DigestFinal,
}

impl Evp {
    /// Creates the functions of the system's library; `None` when it is missing, or no legacy
    /// provider.
    #[must_use]
    pub fn load() -> Option<Self> {
        let library = library()?;
        let load: Load = symbol(library, "OSSL_PROVIDER_load")?;
        let fetch_cipher: Fetch = symbol(library, "EVP_CIPHER_fetch")?;
        let fetch_digest: Fetch = symbol(library, "EVP_MD_fetch")?;
        let new_digest: New = symbol(library, "EVP_MD_CTX_new")?;
        let nowhere = std::ptr::null_mut();
        // SAFETY: names end in zero; what is fetched is kept until the program ends.
        let (cipher, digest, digest_context) = unsafe {
            load(nowhere, c"legacy".as_ptr());
            load(nowhere, c"default".as_ptr());
            (
                fetch_cipher(nowhere, c"RC4".as_ptr(), std::ptr::null()),
                fetch_digest(nowhere, c"SHA1".as_ptr(), std::ptr::null()),
                new_digest(),
            )
        };
        if cipher.is_null() || digest.is_null() || digest_context.is_null() {
            return None;
        }
        Some(Self {
            cipher,
            digest,
            digest_context,
            cipher_context: symbol(library, "EVP_CIPHER_CTX_new")?,
            init: symbol(library, "EVP_EncryptInit_ex2")?,
            update: symbol(library, "EVP_EncryptUpdate")?,
            digest_init: symbol(library, "EVP_DigestInit_ex2")?,
            digest_update: symbol(library, "EVP_DigestUpdate")?,
            digest_final: symbol(library, "EVP_DigestFinal_ex")?,
        })
    }
}

impl Primitives for Evp {
    type Cipher = *mut c_void;

    fn cipher(&self) -> *mut c_void {
        let nothing = std::ptr::null();
        // SAFETY: a new context takes a fetched cipher; the key comes later.
        unsafe {
            let context = (self.cipher_context)();
            (self.init)(context, self.cipher, nothing, nothing, std::ptr::null());
            context
        }
    }

    fn set_key(&self, cipher: &mut *mut c_void, key: &[u8]) {
        assert_eq!(key.len(), 16, "the length that this cipher has by itself");
        let nothing = std::ptr::null();
        // SAFETY: the context has a cipher, whose keys have 16 bytes.
        unsafe { (self.init)(*cipher, std::ptr::null(), key.as_ptr(), nothing, std::ptr::null()) };
    }

    fn apply(&self, cipher: &mut *mut c_void, data: &mut [u8]) {
        let length = c_int::try_from(data.len()).expect("a packet");
        let at = data.as_mut_ptr();
        let mut written = 0;
        // SAFETY: a stream cipher writes as much as it reads, here over it.
        unsafe { (self.update)(*cipher, at, &raw mut written, at, length) };
    }

    fn sha1(&self, parts: [&[u8]; 4]) -> [u8; 20] {
        let mut digest = [0; 20];
        // SAFETY: the context is a digest's, parts and digest have the lengths that are said.
        unsafe {
            (self.digest_init)(self.digest_context, self.digest, std::ptr::null());
            for part in parts {
                (self.digest_update)(self.digest_context, part.as_ptr().cast(), part.len());
            }
            (self.digest_final)(self.digest_context, digest.as_mut_ptr(), std::ptr::null_mut());
        }
        digest
    }
}

impl std::fmt::Debug for Rc4Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rc4Key")
    }
}
