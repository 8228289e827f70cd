//! FreeRDP's MPPC and zlib, from the system's libraries, if there are any.
#![expect(unsafe_code, reason = "foreign functions")]

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::ptr;

use libloading::{Library, Symbol};

fn library(name: &str) -> Option<&'static Library> {
    // SAFETY: the initialisation of both libraries has no requirements.
    let library = unsafe { Library::new(name) }.ok()?;
    // It stays until the program ends, and so do its functions.
    Some(Box::leak(Box::new(library)))
}

fn symbol<T: Copy + 'static>(library: &'static Library, name: &str) -> Option<T> {
    // SAFETY: the types below are those of the libraries' headers, and `name` is looked up beside each.
    let symbol: Symbol<'static, T> = unsafe { library.get(name.as_bytes()) }.ok()?;
    Some(*symbol)
}

/// The functions of `freerdp/codec/mppc.h`, FreeRDP 2.
#[derive(Debug, Clone, Copy)]
pub struct FreeRdp {
    new: unsafe extern "C" fn(u32, c_int) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void),
    reset: unsafe extern "C" fn(*mut c_void, c_int),
    compress: unsafe extern "C" fn(*mut c_void, *const u8, u32, *mut *mut u8, *mut u32, *mut u32) -> c_int,
    decompress: unsafe extern "C" fn(*mut c_void, *const u8, u32, *mut *const u8, *mut u32, u32) -> c_int,
}

impl FreeRdp {
    /// Loads the library of Debian's package `libfreerdp2-2`.
    #[must_use]
    pub fn load() -> Option<Self> {
        let library = library("libfreerdp2.so.2")?;
        Some(Self {
            new: symbol(library, "mppc_context_new")?,
            free: symbol(library, "mppc_context_free")?,
            reset: symbol(library, "mppc_context_reset")?,
            compress: symbol(library, "mppc_compress")?,
            decompress: symbol(library, "mppc_decompress")?,
        })
    }

    /// Returns one direction.
    #[must_use]
    pub fn context(self, compressor: bool) -> Context {
        // SAFETY: level 0 is the history of 8 KiB; a null pointer is asked for below.
        let context = unsafe { (self.new)(0, c_int::from(compressor)) };
        assert!(!context.is_null());
        Context { functions: self, context }
    }
}

/// FreeRDP's `MPPC_CONTEXT`.
#[derive(Debug)]
pub struct Context {
    functions: FreeRdp,
    context: *mut c_void,
}

impl Context {
    /// Empties the history and says so with the next packet.
    pub fn flush(&mut self) {
        // SAFETY: the context is alive and nobody else's.
        unsafe { (self.functions.reset)(self.context, 1) };
    }

    /// Flags and payload, which is in `buf` or the packet.
    pub fn compress<'b>(&mut self, packet: &'b [u8], buf: &'b mut [u8]) -> (u8, &'b [u8]) {
        let mut payload = buf.as_mut_ptr();
        let mut length = u32::try_from(buf.len()).expect("a length");
        let mut flags = 0;
        let available = u32::try_from(packet.len()).expect("a length");
        // SAFETY: context, packet and buffer are alive, with these lengths. The function writes to the buffer only, and
        // gives a part of it or the packet.
        let payload = unsafe {
            let result = (self.functions.compress)(
                self.context,
                packet.as_ptr(),
                available,
                &raw mut payload,
                &raw mut length,
                &raw mut flags,
            );
            assert!(result >= 0);
            std::slice::from_raw_parts(payload, usize::try_from(length).expect("a length"))
        };
        (u8::try_from(flags).expect("a byte"), payload)
    }

    /// Returns the packet, which is in the context or the payload.
    pub fn decompress<'b>(&'b mut self, flags: u8, payload: &'b [u8]) -> Option<&'b [u8]> {
        let mut packet = ptr::null();
        let mut length = 0;
        let available = u32::try_from(payload.len()).expect("a length");
        // SAFETY: context and payload are alive, with this length. The pointers given lie in one of
        // them.
        unsafe {
            let result = (self.functions.decompress)(
                self.context,
                payload.as_ptr(),
                available,
                &raw mut packet,
                &raw mut length,
                u32::from(flags),
            );
            (result >= 0).then(|| std::slice::from_raw_parts(packet, usize::try_from(length).expect("a length")))
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is alive, and not used again.
        unsafe { (self.functions.free)(self.context) };
    }
}

/// `z_stream` of `zlib.h`.
#[repr(C)]
struct Stream {
    next_in: *const u8,
    avail_in: c_uint,
    total_in: c_ulong,
    next_out: *mut u8,
    avail_out: c_uint,
    total_out: c_ulong,
    message: *const c_char,
    state: *mut c_void,
    allocate: *mut c_void,
    free: *mut c_void,
    opaque: *mut c_void,
    data_type: c_int,
    adler: c_ulong,
    reserved: c_ulong,
}

type Init = unsafe extern "C" fn(*mut Stream, c_int, c_int, c_int, c_int, c_int, *const c_char, c_int) -> c_int;

/// The functions of `zlib.h`.
#[derive(Debug, Clone, Copy)]
pub struct Zlib {
    init: Init,
    deflate: unsafe extern "C" fn(*mut Stream, c_int) -> c_int,
    reset: unsafe extern "C" fn(*mut Stream) -> c_int,
    end: unsafe extern "C" fn(*mut Stream) -> c_int,
}

impl Zlib {
    /// Loads the library of Debian's package `zlib1g`.
    #[must_use]
    pub fn load() -> Option<Self> {
        let library = library("libz.so.1")?;
        Some(Self {
            init: symbol(library, "deflateInit2_")?,
            deflate: symbol(library, "deflate")?,
            reset: symbol(library, "deflateReset")?,
            end: symbol(library, "deflateEnd")?,
        })
    }

    /// Creates a raw deflater with a window of 8 KiB.
    #[must_use]
    pub fn deflater(self, level: c_int) -> Deflater {
        let mut stream = Box::new(Stream {
            next_in: ptr::null(),
            avail_in: 0,
            total_in: 0,
            next_out: ptr::null_mut(),
            avail_out: 0,
            total_out: 0,
            message: ptr::null(),
            state: ptr::null_mut(),
            allocate: ptr::null_mut(),
            free: ptr::null_mut(),
            opaque: ptr::null_mut(),
            data_type: 0,
            adler: 0,
            reserved: 0,
        });
        let size = c_int::try_from(size_of::<Stream>()).expect("a length");
        // SAFETY: the stream stays where it is, in its box; method 8, window 2^13, raw, memory level 8, strategy 0.
        let result = unsafe { (self.init)(&raw mut *stream, level, 8, -13, 8, 0, c"1.2.11".as_ptr(), size) };
        assert_eq!(result, 0);
        Deflater { functions: self, stream }
    }
}

/// A stream that is flushed after each packet.
pub struct Deflater {
    functions: Zlib,
    stream: Box<Stream>,
}

impl Deflater {
    /// Starts a new stream.
    pub fn reset(&mut self) {
        // SAFETY: the stream is alive.
        let result = unsafe { (self.functions.reset)(&raw mut *self.stream) };
        assert_eq!(result, 0);
    }

    /// Returns the bytes of a packet, up to and with an empty block (`Z_SYNC_FLUSH`).
    pub fn compress(&mut self, packet: &[u8], buf: &mut [u8]) -> usize {
        self.stream.next_in = packet.as_ptr();
        self.stream.avail_in = c_uint::try_from(packet.len()).expect("a length");
        self.stream.next_out = buf.as_mut_ptr();
        self.stream.avail_out = c_uint::try_from(buf.len()).expect("a length");
        // SAFETY: the stream is alive, and packet and buffer are for the call.
        let result = unsafe { (self.functions.deflate)(&raw mut *self.stream, 2) };
        assert_eq!((result, self.stream.avail_in), (0, 0));
        buf.len() - usize::try_from(self.stream.avail_out).expect("a length")
    }
}

impl std::fmt::Debug for Deflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

impl Drop for Deflater {
    fn drop(&mut self) {
        // SAFETY: the stream is alive, and not used again.
        unsafe { (self.functions.end)(&raw mut *self.stream) };
    }
}
