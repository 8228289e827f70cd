//! RFC 3078 by itself: encryption of PPP packets for other carriers.

#![expect(clippy::wildcard_enum_match_arm, reason = "errors and events of later versions are as the most general one")]

use core::time::Duration;

use mppe::{Config, DecryptError, EncryptError, Mode, StartKey, Strength};

use crate::border::{array, buffer, place, time};
use crate::error::Error;
use crate::handle::{Handle, Object, build, free, with};

/// Room in front of a packet that is encrypted, in bytes: the header (2) and the inner protocol (2).
pub const MPPE_HEADROOM: usize = 4;

/// Encrypts the packets of one direction (RFC 3078). Made by `pptp_mppe_encryptor_new`.
#[derive(Debug)]
pub struct MppeEncryptor {
    _private: [u8; 0],
}

/// Decrypts the packets of one direction (RFC 3078). Made by `pptp_mppe_decryptor_new`.
#[derive(Debug)]
pub struct MppeDecryptor {
    _private: [u8; 0],
}

impl Object for mppe::Encryptor {
    type Opaque = MppeEncryptor;
    const TAG: usize = 0x7070_0001;
}

impl Object for mppe::Decryptor {
    type Opaque = MppeDecryptor;
    const TAG: usize = 0x7070_0002;
}

/// A packet that was encrypted or decrypted.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct MppePacket {
    /// Its first byte, in the caller's buffer.
    pub data: *mut u8,
    /// Its length in bytes.
    pub length: usize,
    /// Its PPP protocol: 0x00fd when it is encrypted, 0x0021 for IPv4, 0x0057 for IPv6.
    pub protocol: u16,
}

/// Reads strength and mode.
fn algorithm(bits: u32, stateless: i32) -> Result<(Strength, Config), Error> {
    let strength = match bits {
        40 => Strength::Bits40,
        56 => Strength::Bits56,
        128 => Strength::Bits128,
        _ => return Err(Error::Argument),
    };
    let mode = match stateless {
        0 => Mode::Stateful,
        1 => Mode::Stateless,
        _ => return Err(Error::Argument),
    };
    Ok((strength, Config::new(mode)))
}

/// Makes an encryptor of the key that this side sends with.
///
/// `start_key`: 16 bytes, such as `send_key` of `pptp_mschap_keys`; of 40 and 56 bits the first 8
/// bytes count. `bits`: 40, 56 or 128. `stateless`: 1 for keys that change with every packet, 0 for
/// stateful mode. `encryptor`: gets the handle, for `pptp_mppe_encryptor_free`.
///
/// A key must be used for one encryptor only: two packets under the same key stream are readable.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_encryptor_new(
    start_key: *const u8,
    bits: u32,
    stateless: i32,
    encryptor: *mut *mut MppeEncryptor,
) -> i32 {
    build(|| {
        let (strength, config) = algorithm(bits, stateless)?;
        // SAFETY: the caller's promise: 16 bytes, and room for a pointer.
        let (key, to) = unsafe { (StartKey::from_bytes(strength, array(start_key)?), place(encryptor)?) };
        to.write(Handle::create(mppe::Encryptor::new(&key, &config)));
        Ok(0)
    })
}

/// Frees an encryptor, and wipes its keys. NULL is allowed. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_encryptor_free(encryptor: *mut MppeEncryptor) -> i32 {
    // SAFETY: the caller's promise: NULL, or a handle that is not used any more.
    unsafe { free::<mppe::Encryptor>(encryptor) }
}

/// Encrypts a packet where it lies.
///
/// `protocol`: its PPP protocol, 0x0021 to 0x00fa (0x0021 is IPv4). `data`, `length`: the buffer,
/// whose first `PPTP_MPPE_HEADROOM` bytes are free, and which ends with the packet. `packet`: gets
/// the encrypted packet, of PPP protocol 0x00fd, in the same buffer.
///
/// Returns 0, or a negative `pptp_error`; then no key has moved.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_encrypt(
    encryptor: *mut MppeEncryptor,
    protocol: u16,
    data: *mut u8,
    length: usize,
    packet: *mut MppePacket,
) -> i32 {
    let work = |encryptor: &mut mppe::Encryptor| {
        // SAFETY: the caller's promise: a buffer that nobody else uses, and room for a struct.
        let (data, to) = unsafe { (buffer(data, length)?, place(packet)?) };
        let Some([_, _, high, low, ..]) = data.first_chunk_mut::<MPPE_HEADROOM>() else {
            return Err(Error::BufferTooSmall);
        };
        // RFC 3078 section 3: the protocol of the packet is encrypted with it.
        [*high, *low] = protocol.to_be_bytes();
        let sent = encryptor.encrypt_in_place(data, 2..length).map_err(|error| match error {
            EncryptError::Protocol { .. } => Error::NotIp,
            _ => Error::BufferTooSmall,
        })?;
        let length = sent.len();
        to.write(MppePacket { data: data.as_mut_ptr(), length, protocol: 0x00fd });
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(encryptor, work) }
}

/// Takes note that the peer has sent a CCP Reset-Request, so that the next packet of stateful mode
/// starts the key stream again (RFC 3078 section 8.2). Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_handle_reset_request(encryptor: *mut MppeEncryptor) -> i32 {
    let work = |encryptor: &mut mppe::Encryptor| {
        encryptor.handle_reset_request();
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(encryptor, work) }
}

/// Makes a decryptor of the key that this side receives with. The arguments are those of
/// `pptp_mppe_encryptor_new`. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_decryptor_new(
    start_key: *const u8,
    bits: u32,
    stateless: i32,
    decryptor: *mut *mut MppeDecryptor,
) -> i32 {
    build(|| {
        let (strength, config) = algorithm(bits, stateless)?;
        // SAFETY: the caller's promise: 16 bytes, and room for a pointer.
        let (key, to) = unsafe { (StartKey::from_bytes(strength, array(start_key)?), place(decryptor)?) };
        to.write(Handle::create(mppe::Decryptor::new(&key, &config)));
        Ok(0)
    })
}

/// Frees a decryptor, and wipes its keys. NULL is allowed. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_decryptor_free(decryptor: *mut MppeDecryptor) -> i32 {
    // SAFETY: the caller's promise: NULL, or a handle that is not used any more.
    unsafe { free::<mppe::Decryptor>(decryptor) }
}

/// Decrypts a packet where it lies.
///
/// `data`, `length`: what came by PPP protocol 0x00fd. `packet`: gets the packet within, in the same
/// buffer, and its protocol. Packets may come late or not at all.
///
/// Returns 0; `PPTP_ERROR_REFUSED` for a packet that is repeated or forged, or that waits for a
/// reset, whose bytes are as they were; or another negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_decrypt(
    decryptor: *mut MppeDecryptor,
    data: *mut u8,
    length: usize,
    packet: *mut MppePacket,
) -> i32 {
    let work = |decryptor: &mut mppe::Decryptor| {
        // SAFETY: the caller's promise: a buffer that nobody else uses, and room for a struct.
        let (data, to) = unsafe { (buffer(data, length)?, place(packet)?) };
        let found = decryptor.decrypt(data).map_err(|_: DecryptError| Error::Refused)?;
        let (protocol, length) = (found.protocol(), found.payload().len());
        // The packet is the end of the buffer.
        let start = data.len().saturating_sub(length);
        let payload = data.get_mut(start..).unwrap_or_default();
        to.write(MppePacket { data: payload.as_mut_ptr(), length, protocol });
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(decryptor, work) }
}

/// Returns whether a CCP Reset-Request has to be sent now, which stateful mode needs after a loss
/// (RFC 3078 section 8.2). Ask after each `pptp_mppe_decrypt`, and once a second while packets are
/// refused.
///
/// `now_ms`: milliseconds since a moment of your choice.
///
/// Returns 256 plus the identifier for the request, 0 when none is due, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mppe_poll_reset_request(decryptor: *mut MppeDecryptor, now_ms: u64) -> i32 {
    let work = |decryptor: &mut mppe::Decryptor| {
        let now: Duration = time(now_ms);
        Ok(decryptor.poll_reset_request(now).map_or(0, |identifier| i32::from(identifier).saturating_add(256)))
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(decryptor, work) }
}
