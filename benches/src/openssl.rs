//! OpenSSL's RC4 and SHA-1, from the system's library, if there is one.
#![expect(unsafe_code, reason = "foreign functions")]

use std::ffi::{CStr, c_char, c_int, c_uchar, c_uint, c_void};
use std::ptr;

use libloading::{Library, Symbol};

/// `RC4_KEY` of `openssl/rc4.h`.
#[repr(C)]
pub struct Rc4Key {
    x: c_uint,
    y: c_uint,
    data: [c_uint; 256],
}

/// `SHA_CTX` of `openssl/sha.h` and `MD4_CTX` of `openssl/md4.h`: 96 bytes at most, and room to spare.
#[repr(C, align(16))]
struct Context([u64; 16]);

type SetKey = unsafe extern "C" fn(*mut Rc4Key, c_int, *const c_uchar);
type Run = unsafe extern "C" fn(*mut Rc4Key, usize, *const c_uchar, *mut c_uchar);
type Init = unsafe extern "C" fn(*mut Context) -> c_int;
type Update = unsafe extern "C" fn(*mut Context, *const c_void, usize) -> c_int;
type Final = unsafe extern "C" fn(*mut c_uchar, *mut Context) -> c_int;
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

pub(crate) fn library() -> Option<&'static Library> {
    // SAFETY: the library's initialisation has no requirements.
    let library = unsafe { Library::new("libcrypto.so.3") }.ok()?;
    // It stays until the program ends, and so do its functions.
    Some(Box::leak(Box::new(library)))
}

pub(crate) fn symbol<T: Copy + 'static>(library: &'static Library, name: &str) -> Option<T> {
    // SAFETY: the types are those of OpenSSL 3.0's headers, and `name` is looked up beside each.
    let symbol: Symbol<'static, T> = unsafe { library.get(name.as_bytes()) }.ok()?;
    Some(*symbol)
}

/// A digest of the low level: `SHA1_*`, `MD4_*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(Init, Update, Final);

impl Digest {
    pub(crate) fn load(library: &'static Library, name: &str) -> Option<Self> {
        Some(Self(
            symbol(library, &format!("{name}_Init"))?,
            symbol(library, &format!("{name}_Update"))?,
            symbol(library, &format!("{name}_Final"))?,
        ))
    }

    /// Computes a digest of N bytes, which must be its length.
    pub(crate) fn of<const N: usize>(self, parts: &[&[u8]]) -> [u8; N] {
        let Self(init, update, finish) = self;
        let (mut context, mut bytes) = (Context([0; 16]), [0; N]);
        // SAFETY: the context is large enough, the digest has N bytes, the parts have the lengths that are said.
        unsafe {
            init(&raw mut context);
            for part in parts {
                update(&raw mut context, part.as_ptr().cast(), part.len());
            }
            finish(bytes.as_mut_ptr(), &raw mut context);
        }
        bytes
    }
}

/// The functions of `EVP_*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Functions {
    fetch_cipher: Fetch,
    fetch_digest: Fetch,
    pub(crate) new_cipher: New,
    pub(crate) free_cipher: Free,
    pub(crate) new_digest: New,
    pub(crate) free_digest: Free,
    pub(crate) init: CipherInit,
    pub(crate) update: CipherUpdate,
    digest_init: DigestInit,
    digest_update: DigestUpdate,
    digest_final: DigestFinal,
}

impl Functions {
    /// Creates the functions of the system's library, with the legacy provider.
    pub(crate) fn load() -> Option<Self> {
        let library = library()?;
        let load: Load = symbol(library, "OSSL_PROVIDER_load")?;
        for name in [c"legacy", c"default"] {
            // SAFETY: the name ends in zero; a provider that is missing lacks ciphers, which is seen later.
            unsafe { load(ptr::null_mut(), name.as_ptr()) };
        }
        Some(Self {
            fetch_cipher: symbol(library, "EVP_CIPHER_fetch")?,
            fetch_digest: symbol(library, "EVP_MD_fetch")?,
            new_cipher: symbol(library, "EVP_CIPHER_CTX_new")?,
            free_cipher: symbol(library, "EVP_CIPHER_CTX_free")?,
            new_digest: symbol(library, "EVP_MD_CTX_new")?,
            free_digest: symbol(library, "EVP_MD_CTX_free")?,
            init: symbol(library, "EVP_EncryptInit_ex2")?,
            update: symbol(library, "EVP_EncryptUpdate")?,
            digest_init: symbol(library, "EVP_DigestInit_ex2")?,
            digest_update: symbol(library, "EVP_DigestUpdate")?,
            digest_final: symbol(library, "EVP_DigestFinal_ex")?,
        })
    }

    /// Returns a cipher, which is kept until the program ends; `None` when the library lacks it.
    pub(crate) fn cipher(&self, name: &CStr) -> Option<*mut c_void> {
        // SAFETY: the name ends in zero.
        let cipher = unsafe { (self.fetch_cipher)(ptr::null_mut(), name.as_ptr(), ptr::null()) };
        (!cipher.is_null()).then_some(cipher)
    }

    /// Returns a digest and a context for it, as [`cipher`](Self::cipher).
    pub(crate) fn digest(&self, name: &CStr) -> Option<[*mut c_void; 2]> {
        // SAFETY: the name ends in zero.
        let pointers =
            unsafe { [(self.fetch_digest)(ptr::null_mut(), name.as_ptr(), ptr::null()), (self.new_digest)()] };
        pointers.iter().all(|pointer| !pointer.is_null()).then_some(pointers)
    }

    /// Returns a new context with this cipher, whose key comes later; null when the library makes none.
    pub(crate) fn context(&self, cipher: *mut c_void) -> *mut c_void {
        // SAFETY: a new context takes a fetched cipher.
        unsafe {
            let context = (self.new_cipher)();
            let is_set = !context.is_null() && (self.init)(context, cipher, ptr::null(), ptr::null(), ptr::null()) == 1;
            if is_set { context } else { ptr::null_mut() }
        }
    }

    /// Computes a digest of N bytes, which must be its length.
    pub(crate) fn hash<const N: usize>(&self, [digest, context]: [*mut c_void; 2], parts: &[&[u8]]) -> [u8; N] {
        let mut bytes = [0; N];
        // SAFETY: the context is a digest's of N bytes, the parts have the lengths that are said.
        unsafe {
            (self.digest_init)(context, digest, ptr::null());
            for part in parts {
                (self.digest_update)(context, part.as_ptr().cast(), part.len());
            }
            (self.digest_final)(context, bytes.as_mut_ptr(), ptr::null_mut());
        }
        bytes
    }
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
    sha1: Digest,
}

impl LowLevel {
    /// Creates the functions of the system's library; `None` when it is missing.
    #[must_use]
    pub fn load() -> Option<Self> {
        let library = library()?;
        Some(Self {
            set_key: symbol(library, "RC4_set_key")?,
            run: symbol(library, "RC4")?,
            sha1: Digest::load(library, "SHA1")?,
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
        self.sha1.of(&parts)
    }
}

/// The functions of `EVP_*` with RC4 of the legacy provider: what is fetched once is kept, and so are the contexts.
#[derive(Clone, Copy, Debug)]
pub struct Evp {
    functions: Functions,
    rc4: *mut c_void,
    sha1: [*mut c_void; 2],
}

impl Evp {
    /// Creates the functions of the system's library; `None` when it is missing, or no legacy
    /// provider.
    #[must_use]
    pub fn load() -> Option<Self> {
        let functions = Functions::load()?;
        Some(Self { functions, rc4: functions.cipher(c"RC4")?, sha1: functions.digest(c"SHA1")? })
    }
}

impl Primitives for Evp {
    type Cipher = *mut c_void;

    fn cipher(&self) -> *mut c_void {
        self.functions.context(self.rc4)
    }

    fn set_key(&self, cipher: &mut *mut c_void, key: &[u8]) {
        assert_eq!(key.len(), 16, "the length that this cipher has by itself");
        // SAFETY: the context has a cipher, whose keys have 16 bytes.
        unsafe { (self.functions.init)(*cipher, ptr::null(), key.as_ptr(), ptr::null(), ptr::null()) };
    }

    fn apply(&self, cipher: &mut *mut c_void, data: &mut [u8]) {
        let length = c_int::try_from(data.len()).expect("a packet");
        let at = data.as_mut_ptr();
        let mut written = 0;
        // SAFETY: a stream cipher writes as much as it reads, here over it.
        unsafe { (self.functions.update)(*cipher, at, &raw mut written, at, length) };
    }

    fn sha1(&self, parts: [&[u8]; 4]) -> [u8; 20] {
        self.functions.hash(self.sha1, &parts)
    }
}

impl std::fmt::Debug for Rc4Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rc4Key")
    }
}
