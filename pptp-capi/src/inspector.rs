//! An inspector: it is fed with the packets of others, and reports every layer of them.

use alloc::boxed::Box;
use core::ffi::{c_char, c_void};

use pptp::inspect::{Content, ControlInput, Direction, Inspector as Follower, Record as Layer, Secrets};

use crate::address::Address;
use crate::border::{array, bytes, guard, place, structure, text, write_text};
use crate::error::Error;
use crate::handle::{Handle, Object, build, free, with};

/// Follows the sessions of others. Made by `pptp_inspector_new`.
#[derive(Debug)]
pub struct Inspector {
    _private: [u8; 0],
}

/// Kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum RecordKind {
    /// Something that this version of the library has no number for.
    Other = 0,
    /// A message of the control connection.
    Control = 1,
    /// A GRE packet.
    Gre = 2,
    /// A PPP frame.
    Frame = 3,
    /// A packet of LCP, CCP, IPCP, IPV6CP or another control protocol.
    ControlProtocol = 4,
    /// A packet of PAP, CHAP, MS-CHAP or EAP.
    Authentication = 5,
    /// A packet that is encrypted or compressed.
    CompressedData = 6,
    /// An IP packet, in the clear or decrypted: `data` and `length` have it.
    Datagram = 7,
    /// Encrypted data that was not decrypted; the text says why.
    NotDecrypted = 8,
    /// Something that follows from the packets so far: a password fits, a session ends.
    Event = 9,
}

impl RecordKind {
    #[expect(clippy::as_conversions, reason = "the numbers of the enum are those of C")]
    const fn number(self) -> u32 {
        self as u32
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "records of later versions have no number yet")]
    const fn of(content: &Content<'_>) -> Self {
        match content {
            Content::Control { .. } => Self::Control,
            Content::Gre { .. } => Self::Gre,
            Content::Frame { .. } => Self::Frame,
            Content::ControlProtocol { .. } => Self::ControlProtocol,
            Content::Chap { .. } | Content::Pap { .. } | Content::Eap { .. } => Self::Authentication,
            Content::CompressedData { .. } => Self::CompressedData,
            Content::Datagram { .. } => Self::Datagram,
            Content::NotDecrypted { .. } => Self::NotDecrypted,
            Content::Event(_) => Self::Event,
            _ => Self::Other,
        }
    }
}

/// One layer of one packet, or something that follows from it. It is valid until the callback
/// returns.
#[derive(Debug)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct Record {
    /// One of `enum pptp_record_kind`.
    pub kind: u32,
    /// 1: from the client to the server. 2: from the server to the client. 0: not known.
    pub direction: u32,
    /// The number that was given with the packet.
    pub tag: u64,
    /// The session it belongs to, from 1; 0 when that is not known.
    pub session: u64,
    /// The bytes of the layer, or NULL.
    pub data: *const u8,
    /// How many they are.
    pub length: usize,
    /// 1 when a datagram was decrypted.
    pub decrypted: u8,
    /// 1 when the same packet was seen before.
    pub repeated: u8,
    /// For `pptp_record_text`.
    pub source: *const c_void,
}

/// A function of the program that gets records, outermost layer first. It must not use the inspector,
/// and must return.
///
/// `context`: what was given with the packet. `record`: valid until the function returns.
pub type RecordFunction = Option<unsafe extern "C" fn(context: *mut c_void, record: *const Record)>;

/// An inspector that gets its secrets first, and then packets.
pub(crate) enum Watching {
    Preparing(Secrets),
    Following(Box<Follower>),
}

impl Object for Watching {
    type Opaque = Inspector;
    const TAG: usize = 0x7070_0006;
}

impl Watching {
    fn follower(&mut self) -> Result<&mut Follower, Error> {
        if let Self::Preparing(secrets) = self {
            *self = Self::Following(Box::new(Follower::new(core::mem::take(secrets))));
        }
        match self {
            Self::Following(follower) => Ok(follower),
            Self::Preparing(_) => Err(Error::Internal),
        }
    }

    fn add(&mut self, add: impl FnOnce(Secrets) -> Secrets) -> Result<i32, Error> {
        match self {
            Self::Preparing(secrets) => {
                *secrets = add(core::mem::take(secrets));
                Ok(0)
            }
            // The packets so far were judged without it.
            Self::Following(_) => Err(Error::TooLate),
        }
    }
}

/// Returns the bytes of a layer.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others have none")]
fn layer<'a>(content: &Content<'a>) -> &'a [u8] {
    match content {
        Content::Gre { bytes, .. }
        | Content::Frame { bytes, .. }
        | Content::ControlProtocol { bytes, .. }
        | Content::Chap { bytes, .. }
        | Content::Pap { bytes, .. }
        | Content::Eap { bytes, .. }
        | Content::CompressedData { bytes, .. }
        | Content::Datagram { bytes, .. } => bytes,
        _ => &[],
    }
}

/// Gives a record to the program.
///
/// # Safety
///
/// `function` takes a record, and returns.
unsafe fn report(function: unsafe extern "C" fn(*mut c_void, *const Record), context: *mut c_void, record: &Layer<'_>) {
    let data = layer(&record.content);
    let flat = Record {
        kind: RecordKind::of(&record.content).number(),
        direction: match record.direction {
            Some(Direction::ToServer) => 1,
            Some(Direction::ToClient) => 2,
            None => 0,
        },
        tag: record.tag,
        session: record.session.map_or(0, |session| session.0),
        data: if data.is_empty() { core::ptr::null() } else { data.as_ptr() },
        length: data.len(),
        decrypted: u8::from(matches!(record.content, Content::Datagram { decrypted: Some(_), .. })),
        repeated: u8::from(record.repeated),
        source: core::ptr::from_ref(record).cast(),
    };
    // SAFETY: the caller's promise.
    unsafe { function(context, &raw const flat) };
}

/// Makes an inspector that has seen nothing.
///
/// `inspector`: gets the handle, for `pptp_inspector_free`. It follows at most 1024 sessions, the
/// oldest of which it forgets, and takes a few hundred kilobytes for usual traffic, and less than
/// 100 MB for the worst.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_new(inspector: *mut *mut Inspector) -> i32 {
    build(|| {
        // SAFETY: the caller's promise: room for a pointer.
        let to = unsafe { place(inspector)? };
        to.write(Handle::create(Watching::Preparing(Secrets::new())));
        Ok(0)
    })
}

/// Frees an inspector, and wipes its secrets. NULL is allowed. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_free(inspector: *mut Inspector) -> i32 {
    // SAFETY: the caller's promise: NULL, or a handle that is not used any more.
    unsafe { free::<Watching>(inspector) }
}

/// Adds a password, with which proofs are checked and packets are decrypted. Call it before the first
/// packet.
///
/// `user`: the name it is for, or NULL for every name. `password`. Both are UTF-8 with a zero at the
/// end, and copied.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_add_password(
    inspector: *mut Inspector,
    user: *const c_char,
    password: *const c_char,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a text or NULL, and a text.
    unsafe {
        with(inspector, |inspector: &mut Watching| {
            let user = if user.is_null() { None } else { Some(text(user)?) };
            let password = text(password)?;
            inspector.add(|secrets| secrets.with_password(user, password))
        })
    }
}

/// Adds the NT hash of a password, 16 bytes: see `pptp_inspector_add_password`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_add_nt_hash(
    inspector: *mut Inspector,
    user: *const c_char,
    hash: *const u8,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a text or NULL, and 16 bytes.
    unsafe {
        with(inspector, |inspector: &mut Watching| {
            let user = if user.is_null() { None } else { Some(text(user)?) };
            let hash = array(hash)?;
            inspector.add(|secrets| secrets.with_nt_hash(user, hash))
        })
    }
}

/// Takes bytes of one direction of a control connection (TCP port 1723), in order, cut in any way.
///
/// `tag`: comes back with the records: the number of the packet in a file. `source`, `destination`:
/// with their ports. `data`, `length`: the bytes. `function`, `context`: get the records.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_handle_stream(
    inspector: *mut Inspector,
    tag: u64,
    source: *const Address,
    destination: *const Address,
    data: *const u8,
    length: usize,
    function: RecordFunction,
    context: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise: a handle, two structs, bytes, and a function.
    unsafe {
        with(inspector, |inspector: &mut Watching| {
            let function = function.ok_or(Error::NullPointer)?;
            let (source, destination) = (structure(source)?.socket()?, structure(destination)?.socket()?);
            let input = ControlInput::Bytes(bytes(data, length)?);
            let follower = inspector.follower()?;
            follower.handle_control(tag, source, destination, input, &mut |record| report(function, context, &record));
            Ok(0)
        })
    }
}

/// Takes a GRE packet: what IP protocol 47 carried, without the IP header. The arguments are those of
/// `pptp_inspector_handle_stream`; ports are ignored.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_handle_gre(
    inspector: *mut Inspector,
    tag: u64,
    source: *const Address,
    destination: *const Address,
    data: *const u8,
    length: usize,
    function: RecordFunction,
    context: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise: a handle, two structs, bytes, and a function.
    unsafe {
        with(inspector, |inspector: &mut Watching| {
            let function = function.ok_or(Error::NullPointer)?;
            let (source, destination) = (structure(source)?.host()?, structure(destination)?.host()?);
            let data = bytes(data, length)?;
            let follower = inspector.follower()?;
            follower.handle_gre(tag, source, destination, data, &mut |record| report(function, context, &record));
            Ok(0)
        })
    }
}

/// Takes a PPP frame of another carrier: L2TP, PPPoE, SSTP, a serial link.
///
/// `link`: a number that identifies the link. `direction`: 1 from the client, 2 from the server, 0
/// when that is not known. The other arguments are those of `pptp_inspector_handle_stream`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_handle_frame(
    inspector: *mut Inspector,
    tag: u64,
    link: u64,
    direction: u32,
    data: *const u8,
    length: usize,
    function: RecordFunction,
    context: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise: a handle, bytes, and a function.
    unsafe {
        with(inspector, |inspector: &mut Watching| {
            let function = function.ok_or(Error::NullPointer)?;
            let direction = match direction {
                0 => None,
                1 => Some(Direction::ToServer),
                2 => Some(Direction::ToClient),
                _ => return Err(Error::Argument),
            };
            let data = bytes(data, length)?;
            let follower = inspector.follower()?;
            follower.handle_frame(tag, link, direction, data, &mut |record| report(function, context, &record));
            Ok(0)
        })
    }
}

/// Reports packets that waited for an earlier one, since nothing more comes. The arguments are those
/// of `pptp_inspector_handle_stream`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_inspector_finish(
    inspector: *mut Inspector,
    tag: u64,
    function: RecordFunction,
    context: *mut c_void,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and a function.
    unsafe {
        with(inspector, |inspector: &mut Watching| {
            let function = function.ok_or(Error::NullPointer)?;
            inspector.follower()?.finish(tag, &mut |record| report(function, context, &record));
            Ok(0)
        })
    }
}

/// Writes a record as one line of a trace. Names and passwords that were sent are in it. Call it
/// within the callback only.
///
/// `record`: as the callback got it. `buffer`, `length`: as for `pptp_error_text`.
///
/// Returns the length of the whole text, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_record_text(record: *const Record, buffer: *mut c_char, length: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise: the record of a callback that has not returned.
        unsafe {
            let source = structure(structure(record)?.source.cast::<Layer<'_>>())?;
            write_text(buffer, length, source)
        }
    })
}
