//! The settings of PPP: encryption, authentication, compression, timers.

use core::time::Duration;

use ppp_session::ppp::auth::{Method, Methods};
use ppp_session::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
use ppp_session::ppp::link::Keepalive;
use ppp_session::{Compression, IpVersions};

use super::{Config, Settings, set};
use crate::border::bytes;
use crate::error::Error;
use crate::memory;

/// Whether packets have to be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum EncryptionPolicy {
    /// They have to, or the session ends.
    Required = 0,
    /// They are where the peer can.
    Preferred = 1,
    /// They are where the peer asks for it.
    Passive = 2,
    /// They are not.
    Refused = 3,
}

/// Methods of authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum AuthMethod {
    /// RFC 1334: the password in the clear.
    Pap = 1,
    /// RFC 1994: CHAP with MD5. Leaves no keys for encryption.
    ChapMd5 = 2,
    /// RFC 2433: MS-CHAP version 1.
    MschapV1 = 3,
    /// RFC 2759: MS-CHAP version 2.
    MschapV2 = 4,
}

/// Lengths of keys, as bits that may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum Strength {
    /// 40 bits.
    Bits40 = 1,
    /// 56 bits.
    Bits56 = 2,
    /// 128 bits.
    Bits128 = 4,
}

/// Sets whether packets have to be encrypted (MPPE, RFC 3078).
///
/// `policy`: one of `enum pptp_encryption_policy`. A requirement holds for packets that come,
/// too: those in the clear are dropped.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_encryption(config: *mut Config, policy: u32) -> i32 {
    let work = |settings: &mut Settings| {
        let policy = match policy {
            0 => Encryption::Required,
            1 => Encryption::Preferred,
            2 => Encryption::Passive,
            3 => Encryption::Refused,
            _ => return Err(Error::Argument),
        };
        settings.change_ppp(|ppp| ppp.with_encryption(policy));
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}

/// Sets which lengths of keys are allowed; the longest that both sides allow is taken.
///
/// `strengths`: numbers of `enum pptp_strength`, added. `prefers_stateless`: 1 takes both modes and
/// prefers keys that change with every packet; 2 takes no other; 0 prefers stateful mode.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_strengths(config: *mut Config, strengths: u32, prefers_stateless: u32) -> i32 {
    let work = |settings: &mut Settings| {
        let all = [
            (1, MicrosoftCompression::MPPE_40),
            (2, MicrosoftCompression::MPPE_56),
            (4, MicrosoftCompression::MPPE_128),
        ];
        if !(1..8).contains(&strengths) {
            return Err(Error::Argument);
        }
        let bits = all.into_iter().filter(|(bit, _)| strengths & bit != 0);
        let bits = bits.fold(MicrosoftCompression::NONE, |sum, (_, bit)| sum.union(bit));
        let modes = match prefers_stateless {
            0 => Modes::PreferStateful,
            1 => Modes::PreferStateless,
            2 => Modes::Stateless,
            _ => return Err(Error::Argument),
        };
        settings.change_ppp(|ppp| ppp.with_strengths(bits).with_modes(modes));
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}

/// Sets how clients prove who they are.
///
/// `methods`, `count`: numbers of `enum pptp_auth_method`, the most wanted first.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_authentication(config: *mut Config, methods: *const u8, count: usize) -> i32 {
    let work = |settings: &mut Settings| {
        // SAFETY: the caller's promise: `count` bytes.
        let numbers = unsafe { bytes(methods, count)? };
        let mut list = [Method::MsChapV2; 4];
        if numbers.is_empty() || numbers.len() > list.len() {
            return Err(Error::Argument);
        }
        for (place, number) in list.iter_mut().zip(numbers) {
            *place = match number {
                1 => Method::Pap,
                2 => Method::ChapMd5,
                3 => Method::MsChapV1,
                4 => Method::MsChapV2,
                _ => return Err(Error::Argument),
            };
        }
        let list = Methods::new(list.get(..numbers.len()).unwrap_or_default());
        settings.change_ppp(|ppp| ppp.with_authentication(list));
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}

/// Sets whether packets are compressed where the peer can (MPPC, RFC 2118). Default: 0. The length
/// of compressed packets reveals something of their content.
///
/// `level`: 0 off, 1 fast (50 KiB more for each session that agrees on it), 2 shorter, 3 shortest
/// (98 KiB).
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_compression(config: *mut Config, level: u32) -> i32 {
    let work = |settings: &mut Settings| {
        let level = match level {
            0 => Compression::Off,
            1 => Compression::Fast,
            2 => Compression::Default,
            3 => Compression::Max,
            _ => return Err(Error::Argument),
        };
        if level != Compression::Off {
            memory::want(memory::RESERVE_WITH_COMPRESSION)?;
        }
        settings.change_ppp(|ppp| ppp.with_compression(level));
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}

/// Sets which versions of IP flow. `versions`: 4, 6, or 46 for both. Default: 4.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_ip_versions(config: *mut Config, versions: u32) -> i32 {
    let work = |settings: &mut Settings| {
        let versions = match versions {
            4 => IpVersions::V4,
            6 => IpVersions::V6,
            46 => IpVersions::Both,
            _ => return Err(Error::Argument),
        };
        settings.change_ppp(|ppp| ppp.with_ip_versions(versions));
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}

/// Sets after how many milliseconds a silent peer is asked whether it is there, by an Echo-Request of
/// PPP; after three without an answer the session ends. Default: 30000. 0 is never.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_keepalive(config: *mut Config, interval_ms: u64) -> i32 {
    let work = |settings: &mut Settings| {
        let keepalive = (interval_ms > 0).then(|| Keepalive::new(Duration::from_millis(interval_ms)));
        settings.change_ppp(|ppp| ppp.with_keepalive(keepalive));
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}

/// Sets how long a session may take until IP flows, in milliseconds. Default: 60000.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_setup_timeout(config: *mut Config, timeout_ms: u64) -> i32 {
    let work = |settings: &mut Settings| {
        settings.change_ppp(|ppp| ppp.with_setup_timeout(Duration::from_millis(timeout_ms)));
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}
