/*
 * pptp.h - PPTP and L2TP clients and servers, MS-CHAPv2, MPPE and an inspector, without IO.
 *
 * SYNOPSIS
 *     #include <pptp.h>            cc program.c $(pkg-config --cflags --libs pptp)
 *
 * DESCRIPTION
 *     The library opens no sockets, reads no clock and starts no threads. The program gives it the
 *     bytes that came, the time and random numbers, and gets bytes to send, IP packets, events and
 *     the next deadline. `README.md` has the whole way to a running client; `examples/c` has
 *     programs.
 *
 * RETURN VALUES
 *     Functions return 0 or more when they have done their work, and a negative `pptp_error`
 *     otherwise. A function that failed has changed nothing, unless it says so.
 *     `pptp_error_text` has a sentence for each error.
 *
 * HANDLES
 *     A `..._new` function makes a handle, and the `..._free` function of the same name frees it.
 *     NULL, a handle of another kind, and one that is in use by another thread are errors. A handle
 *     that was freed must not be used; the library notices it only while its memory is not used
 *     again.
 *
 * POINTERS
 *     Every pointer has to be what the function says: NULL, where it must not be, and a pointer that
 *     is not aligned are errors. Buffers of one call must not overlap. What a function gives lies in
 *     the buffer that it was lent, so it is the program's. Nothing that is passed in is kept: texts
 *     and keys are copied.
 *
 * TIME
 *     `now_ms` is in milliseconds since a moment of the program's choice (`CLOCK_MONOTONIC`). It must
 *     not go back; a value that does is taken as the latest seen.
 *
 * THREADS
 *     Each handle may be used by any thread, by one at a time. Different handles are independent.
 *
 * MEMORY
 *     From malloc, or from `pptp_set_allocator`. When it runs out, functions return
 *     `PPTP_ERROR_NO_MEMORY`, and may be called again. Data packets take no memory, but room for
 *     those that have to wait for an earlier one.
 *
 * FAULTS
 *     A fault of the library (a panic) ends at this interface: the function returns
 *     `PPTP_ERROR_INTERNAL`, and so does every later one with that handle. A callback must return:
 *     no longjmp, and no exception of C++.
 *
 * This file is made by cbindgen from the sources. Do not edit it.
 */


#ifndef PPTP_H
#define PPTP_H

#include <stddef.h>
#include <stdint.h>

/**
 * Room in front of a packet that is encrypted, in bytes: the header (2) and the inner protocol (2).
 */
#define PPTP_MPPE_HEADROOM 4

/**
 * Bytes of an MS-CHAPv2 challenge.
 */
#define PPTP_MSCHAP_CHALLENGE_LENGTH 16

/**
 * Bytes of an MS-CHAPv2 response: the Value field of RFC 2759 section 4.
 */
#define PPTP_MSCHAP_RESPONSE_LENGTH 49

/**
 * Bytes of an NT hash, and of a key.
 */
#define PPTP_MSCHAP_HASH_LENGTH 16

/**
 * Room in front of an IP packet that is to be sent, in bytes, whatever carries it.
 */
#define PPTP_HEADROOM 64

/**
 * The length of a buffer that is enough for every function that fills one, in bytes.
 */
#define PPTP_BUFFER_LENGTH 2048

/**
 * Unpredictable bytes that a session or a server is made of.
 */
#define PPTP_ENTROPY_LENGTH 32

/**
 * "No deadline": what `poll_timeout` functions return when nothing is to be waited for.
 */
#define PPTP_NO_DEADLINE UINT64_MAX

/**
 * Why a function has failed. Functions return it as a negative number; `pptp_error_text` has a
 * sentence for each.
 */
typedef enum pptp_error {
  /**
   * Nothing has failed.
   */
  PPTP_ERROR_NONE = 0,
  /**
   * A pointer is NULL that must not be.
   */
  PPTP_ERROR_NULL_POINTER = -1,
  /**
   * The handle is of another kind, was freed, or is no handle.
   */
  PPTP_ERROR_WRONG_HANDLE = -2,
  /**
   * The handle is in use: by another thread, or by the function whose callback this is.
   */
  PPTP_ERROR_BUSY = -3,
  /**
   * A number or a pointer is out of range: not aligned, too long, or buffers that overlap.
   */
  PPTP_ERROR_ARGUMENT = -4,
  /**
   * A text is not UTF-8, or is too long.
   */
  PPTP_ERROR_TEXT = -5,
  /**
   * The buffer is too small. Nothing was written and nothing is lost.
   */
  PPTP_ERROR_BUFFER_TOO_SMALL = -6,
  /**
   * Memory has run out. The call had no effect; it may be made again.
   */
  PPTP_ERROR_NO_MEMORY = -7,
  /**
   * A fault of the library. The handle cannot be used any more but to be freed.
   */
  PPTP_ERROR_INTERNAL = -8,
  /**
   * The allocator was set after memory was taken, or the library was built without one.
   */
  PPTP_ERROR_TOO_LATE = -9,
  /**
   * The function is for PPTP alone, or for L2TP alone, and the handle is of the other.
   */
  PPTP_ERROR_OTHER_PROTOCOL = -10,
  /**
   * There is no such connection, or no such call.
   */
  PPTP_ERROR_NOT_FOUND = -11,
  /**
   * The peer's window is full: the event `PPTP_EVENT_KIND_WRITABLE` follows.
   */
  PPTP_ERROR_WOULD_BLOCK = -12,
  /**
   * IP packets cannot be sent yet, or not any more.
   */
  PPTP_ERROR_NOT_CONNECTED = -13,
  /**
   * The packet is longer than the MTU.
   */
  PPTP_ERROR_TOO_LONG = -14,
  /**
   * The bytes are not an IP packet, or not a packet of a protocol that may be encrypted.
   */
  PPTP_ERROR_NOT_IP = -15,
  /**
   * The packet was refused: repeated, forged, malformed, of somebody else, or in the clear.
   */
  PPTP_ERROR_REFUSED = -16,
  /**
   * There are as many connections as there may be.
   */
  PPTP_ERROR_FULL = -17,
  /**
   * Nothing was asked that this answers: the ticket is an old one.
   */
  PPTP_ERROR_NOT_ASKED = -18,
  /**
   * The answer does not fit the question, or lacks what it must have.
   */
  PPTP_ERROR_UNSUITABLE = -19,
  /**
   * The configuration lacks something that this needs: a name, an address.
   */
  PPTP_ERROR_INCOMPLETE = -20,
  /**
   * Packets wait for a `poll_receive` function: call it until it returns 0, and give this packet
   * again.
   */
  PPTP_ERROR_POLL_FIRST = -21,
} pptp_error;

/**
 * Kinds of events. Numbers are added at the end in later versions: ignore those that you do not
 * know.
 */
typedef enum pptp_event_kind {
  /**
   * Something that this version of the library has no number for.
   */
  PPTP_EVENT_KIND_OTHER = 0,
  /**
   * The control connection (PPTP) or the tunnel (L2TP) is up.
   */
  PPTP_EVENT_KIND_ESTABLISHED = 1,
  /**
   * L2TP: a call is up; PPP begins.
   */
  PPTP_EVENT_KIND_CALL_UP = 2,
  /**
   * PPP is in another state: `number` is one of `enum pptp_status`.
   */
  PPTP_EVENT_KIND_STATUS = 3,
  /**
   * Server: a client presents a proof. `pptp_server_presented` has it, and one of the
   * `pptp_server_answer_…` functions answers, now or later, with `ticket`.
   */
  PPTP_EVENT_KIND_AUTHENTICATE = 4,
  /**
   * Client: the proof was refused, and another may be given: `pptp_client_prove` or
   * `pptp_client_decline`, with `ticket`.
   */
  PPTP_EVENT_KIND_PROVE = 5,
  /**
   * Client: the password is right and has expired: `pptp_client_change_password`, or the session
   * ends.
   */
  PPTP_EVENT_KIND_PASSWORD_EXPIRED = 6,
  /**
   * Server: the client has proved itself.
   */
  PPTP_EVENT_KIND_PEER_AUTHENTICATED = 7,
  /**
   * Packets are encrypted or compressed so from now on: `send_bits`, `receive_bits`,
   * `stateless`, `compressed`.
   */
  PPTP_EVENT_KIND_ENCRYPTION_UP = 8,
  /**
   * Nothing is encrypted any more.
   */
  PPTP_EVENT_KIND_ENCRYPTION_DOWN = 9,
  /**
   * Server: the client asks for the address `peer_address`: `pptp_server_assign_address` gives
   * it.
   */
  PPTP_EVENT_KIND_ADDRESS_WANTED = 10,
  /**
   * IPv4 packets may flow: `own_address`, `peer_address`, `name_servers`.
   */
  PPTP_EVENT_KIND_IP_UP = 11,
  /**
   * IPv4 packets may not flow any more.
   */
  PPTP_EVENT_KIND_IP_DOWN = 12,
  /**
   * IPv4 was not agreed on.
   */
  PPTP_EVENT_KIND_IP_FAILED = 13,
  /**
   * IPv6 packets may flow: `own_identifier`, `peer_identifier`.
   */
  PPTP_EVENT_KIND_IPV6_UP = 14,
  /**
   * IPv6 packets may not flow any more.
   */
  PPTP_EVENT_KIND_IPV6_DOWN = 15,
  /**
   * IPv6 was not agreed on.
   */
  PPTP_EVENT_KIND_IPV6_FAILED = 16,
  /**
   * So many packets decrypted to nonsense that the keys must differ, or somebody forges packets.
   */
  PPTP_EVENT_KIND_COHERENCY_LOST = 17,
  /**
   * The peer has said what it is.
   */
  PPTP_EVENT_KIND_IDENTIFICATION = 18,
  /**
   * The session will end in `number` seconds.
   */
  PPTP_EVENT_KIND_TIME_REMAINING = 19,
  /**
   * PPTP: the call is up for `number` milliseconds, and no GRE packet has come: a firewall or a
   * NAT most likely stops IP protocol 47.
   */
  PPTP_EVENT_KIND_NO_DATA = 20,
  /**
   * PPTP: acknowledgments are late (`number` 1), or come in time again (0).
   */
  PPTP_EVENT_KIND_FLOW_ALARM = 21,
  /**
   * A packet may be sent again, after `PPTP_ERROR_WOULD_BLOCK`.
   */
  PPTP_EVENT_KIND_WRITABLE = 22,
  /**
   * A call is over: its last event. `number` is an error number of Windows, 0 without one.
   */
  PPTP_EVENT_KIND_CALL_CLOSED = 23,
  /**
   * The session is over. `number` is an error number of Windows, 0 without one.
   */
  PPTP_EVENT_KIND_CLOSED = 24,
  /**
   * L2TP: nothing is sent or received any more: the last event.
   */
  PPTP_EVENT_KIND_DRAINED = 25,
} pptp_event_kind;

/**
 * Where PPP of a call is.
 */
typedef enum pptp_status {
  /**
   * It negotiates, or has not begun.
   */
  PPTP_STATUS_DIALING = 0,
  /**
   * One side proves itself, or both.
   */
  PPTP_STATUS_VERIFYING_PASSWORD = 1,
  /**
   * IP flows.
   */
  PPTP_STATUS_CONNECTED = 2,
  /**
   * It is over.
   */
  PPTP_STATUS_TERMINATED = 3,
} pptp_status;

/**
 * Sets of settings to begin with.
 */
typedef enum pptp_preset {
  /**
   * MS-CHAPv2 alone, encryption with 128 bits, keys that change with every packet; or no session.
   */
  PPTP_PRESET_STRICT = 0,
  /**
   * Connects to nearly every peer. An attacker on the path can have the password and the session.
   */
  PPTP_PRESET_INTEROP = 1,
  /**
   * L2TP within IPsec: as strict, but without encryption of PPP's own. Without IPsec everything is
   * readable.
   */
  PPTP_PRESET_WITHIN_IPSEC = 2,
} pptp_preset;

/**
 * Whether packets have to be encrypted.
 */
typedef enum pptp_encryption_policy {
  /**
   * They have to, or the session ends.
   */
  PPTP_ENCRYPTION_POLICY_REQUIRED = 0,
  /**
   * They are where the peer can.
   */
  PPTP_ENCRYPTION_POLICY_PREFERRED = 1,
  /**
   * They are where the peer asks for it.
   */
  PPTP_ENCRYPTION_POLICY_PASSIVE = 2,
  /**
   * They are not.
   */
  PPTP_ENCRYPTION_POLICY_REFUSED = 3,
} pptp_encryption_policy;

/**
 * Methods of authentication.
 */
typedef enum pptp_auth_method {
  /**
   * RFC 1334: the password in the clear.
   */
  PPTP_AUTH_METHOD_PAP = 1,
  /**
   * RFC 1994: CHAP with MD5. Leaves no keys for encryption.
   */
  PPTP_AUTH_METHOD_CHAP_MD5 = 2,
  /**
   * RFC 2433: MS-CHAP version 1.
   */
  PPTP_AUTH_METHOD_MSCHAP_V1 = 3,
  /**
   * RFC 2759: MS-CHAP version 2.
   */
  PPTP_AUTH_METHOD_MSCHAP_V2 = 4,
} pptp_auth_method;

/**
 * Lengths of keys, as bits that may be added.
 */
typedef enum pptp_strength {
  /**
   * 40 bits.
   */
  PPTP_STRENGTH_BITS40 = 1,
  /**
   * 56 bits.
   */
  PPTP_STRENGTH_BITS56 = 2,
  /**
   * 128 bits.
   */
  PPTP_STRENGTH_BITS128 = 4,
} pptp_strength;

/**
 * Kinds of records.
 */
typedef enum pptp_record_kind {
  /**
   * Something that this version of the library has no number for.
   */
  PPTP_RECORD_KIND_OTHER = 0,
  /**
   * A message of the control connection.
   */
  PPTP_RECORD_KIND_CONTROL = 1,
  /**
   * A GRE packet.
   */
  PPTP_RECORD_KIND_GRE = 2,
  /**
   * A PPP frame.
   */
  PPTP_RECORD_KIND_FRAME = 3,
  /**
   * A packet of LCP, CCP, IPCP, IPV6CP or another control protocol.
   */
  PPTP_RECORD_KIND_CONTROL_PROTOCOL = 4,
  /**
   * A packet of PAP, CHAP, MS-CHAP or EAP.
   */
  PPTP_RECORD_KIND_AUTHENTICATION = 5,
  /**
   * A packet that is encrypted or compressed.
   */
  PPTP_RECORD_KIND_COMPRESSED_DATA = 6,
  /**
   * An IP packet, in the clear or decrypted: `data` and `length` have it.
   */
  PPTP_RECORD_KIND_DATAGRAM = 7,
  /**
   * Encrypted data that was not decrypted; the text says why.
   */
  PPTP_RECORD_KIND_NOT_DECRYPTED = 8,
  /**
   * Something that follows from the packets so far: a password fits, a session ends.
   */
  PPTP_RECORD_KIND_EVENT = 9,
} pptp_record_kind;

/**
 * A client: one dialed call. Made by `pptp_client_new` or `pptp_client_new_l2tp`.
 */
typedef struct pptp_client pptp_client;

/**
 * The settings of a client or a server. Made by `pptp_config_new`; clients and servers copy it.
 */
typedef struct pptp_config pptp_config;

/**
 * Follows the sessions of others. Made by `pptp_inspector_new`.
 */
typedef struct pptp_inspector pptp_inspector;

/**
 * Decrypts the packets of one direction (RFC 3078). Made by `pptp_mppe_decryptor_new`.
 */
typedef struct pptp_mppe_decryptor pptp_mppe_decryptor;

/**
 * Encrypts the packets of one direction (RFC 3078). Made by `pptp_mppe_encryptor_new`.
 */
typedef struct pptp_mppe_encryptor pptp_mppe_encryptor;

/**
 * A server of many connections. Made by `pptp_server_new` or `pptp_server_new_l2tp`.
 */
typedef struct pptp_server pptp_server;

/**
 * The address of a host, and a port where there is one.
 */
typedef struct pptp_address {
  /**
   * 4 or 6: the version of IP. 0: there is no address.
   */
  uint8_t version;
  /**
   * The port, in the byte order of the host. Of L2TP, 0 is IP protocol 115 without UDP.
   */
  uint16_t port;
  /**
   * The address in network order; of version 4, the first four bytes.
   */
  uint8_t bytes[16];
} pptp_address;

/**
 * Bytes that a function has left in the caller's buffer.
 */
typedef struct pptp_packet {
  /**
   * The first byte, within the buffer that the function was given: not always its start.
   */
  uint8_t *data;
  /**
   * The length in bytes.
   */
  size_t length;
  /**
   * Of a server: the connection (PPTP) or tunnel (L2TP). 0 of a client.
   */
  uint64_t connection;
  /**
   * The id of the call, where the packet belongs to one.
   */
  uint32_t call;
  /**
   * Where an L2TP packet is to be sent. Of PPTP, and of a packet that was received, version 0.
   */
  struct pptp_address address;
} pptp_packet;

/**
 * An event. Members without a meaning for its kind are zero.
 */
typedef struct pptp_event {
  /**
   * One of `enum pptp_event_kind`.
   */
  uint32_t kind;
  /**
   * The id of the call; 0 for the session.
   */
  uint32_t call;
  /**
   * Of a server: the connection (PPTP) or tunnel (L2TP). 0 of a client.
   */
  uint64_t connection;
  /**
   * The ticket that the answer to this event has to carry.
   */
  uint32_t ticket;
  /**
   * A number whose meaning the kind says.
   */
  uint32_t number;
  /**
   * This side's IPv4 address, in network order.
   */
  uint8_t own_address[4];
  /**
   * The peer's IPv4 address.
   */
  uint8_t peer_address[4];
  /**
   * The name servers (DNS) that the server gave, the second from byte 4 on.
   */
  uint8_t name_servers[8];
  /**
   * This side's interface identifier (IPv6).
   */
  uint64_t own_identifier;
  /**
   * The peer's interface identifier.
   */
  uint64_t peer_identifier;
  /**
   * Bits of the key that this side encrypts with: 40, 56, 128, or 0 for no encryption.
   */
  uint8_t send_bits;
  /**
   * Bits of the key that this side decrypts with.
   */
  uint8_t receive_bits;
  /**
   * 1 when the keys of both directions change with every packet.
   */
  uint8_t stateless;
  /**
   * 1 when packets may be compressed.
   */
  uint8_t compressed;
} pptp_event;

/**
 * The counters of a call.
 */
typedef struct pptp_statistics {
  /**
   * Data packets of the tunnel that were sent.
   */
  uint64_t packets_sent;
  /**
   * Data packets that were received.
   */
  uint64_t packets_received;
  /**
   * Bytes of them.
   */
  uint64_t bytes_sent;
  /**
   * Bytes of them.
   */
  uint64_t bytes_received;
  /**
   * Packets that came behind later ones.
   */
  uint64_t out_of_order;
  /**
   * Packets that did not come.
   */
  uint64_t lost;
  /**
   * IP packets that came in the clear where they have to be encrypted, and were dropped.
   */
  uint64_t cleartext_dropped;
  /**
   * Frames that PPP or the encryption did not take.
   */
  uint64_t refused;
  /**
   * Packets that were encrypted.
   */
  uint64_t encrypted;
  /**
   * Packets that were decrypted.
   */
  uint64_t decrypted;
} pptp_statistics;

/**
 * One layer of one packet, or something that follows from it. It is valid until the callback
 * returns.
 */
typedef struct pptp_record {
  /**
   * One of `enum pptp_record_kind`.
   */
  uint32_t kind;
  /**
   * 1: from the client to the server. 2: from the server to the client. 0: not known.
   */
  uint32_t direction;
  /**
   * The number that was given with the packet.
   */
  uint64_t tag;
  /**
   * The session it belongs to, from 1; 0 when that is not known.
   */
  uint64_t session;
  /**
   * The bytes of the layer, or NULL.
   */
  const uint8_t *data;
  /**
   * How many they are.
   */
  size_t length;
  /**
   * 1 when a datagram was decrypted.
   */
  uint8_t decrypted;
  /**
   * 1 when the same packet was seen before.
   */
  uint8_t repeated;
  /**
   * For `pptp_record_text`.
   */
  const void *source;
} pptp_record;

/**
 * A function of the program that gets records, outermost layer first. It must not use the inspector,
 * and must return.
 *
 * `context`: what was given with the packet. `record`: valid until the function returns.
 */
typedef void (*pptp_record_function)(void *context, const struct pptp_record *record);

/**
 * Functions that give memory, and take it back.
 */
typedef struct pptp_allocator {
  /**
   * Passed to both functions as it is.
   */
  void *context;
  /**
   * Returns `size` bytes at a multiple of `alignment`, which is a power of two, or NULL when
   * there is no memory. `malloc(size)` does for an `alignment` up to that of `max_align_t`; more
   * is never asked for. It may be called by every thread that calls this library.
   */
  void *(*allocate)(void *context, size_t size, size_t alignment);
  /**
   * Takes back what `allocate` returned, with the same numbers.
   */
  void (*release)(void *context, void *memory, size_t size, size_t alignment);
} pptp_allocator;

/**
 * A packet that was encrypted or decrypted.
 */
typedef struct pptp_mppe_packet {
  /**
   * Its first byte, in the caller's buffer.
   */
  uint8_t *data;
  /**
   * Its length in bytes.
   */
  size_t length;
  /**
   * Its PPP protocol: 0x00fd when it is encrypted, 0x0021 for IPv4, 0x0057 for IPv6.
   */
  uint16_t protocol;
} pptp_mppe_packet;

/**
 * The proof and the keys that an MS-CHAPv2 exchange leaves behind. They are secret: overwrite them when they were used.
 */
typedef struct pptp_mschap_keys {
  /**
   * The authenticator's proof, `S=` and 40 digits, with a zero at its end: MS-CHAP2-Success of
   * RADIUS without the identifier in front.
   */
  char authenticator_response[43];
  /**
   * RFC 3079 section 3.4: the master key.
   */
  uint8_t master_key[16];
  /**
   * The key that this side encrypts with (MPPE, 128 bits): MS-MPPE-Send-Key of RADIUS.
   */
  uint8_t send_key[16];
  /**
   * The key that this side decrypts with: MS-MPPE-Recv-Key of RADIUS.
   */
  uint8_t receive_key[16];
} pptp_mschap_keys;

/**
 * The proof of a client: the question of `PPTP_EVENT_KIND_AUTHENTICATE`. The bytes are what a
 * RADIUS server needs.
 */
typedef struct pptp_presented {
  /**
   * One of `enum pptp_auth_method`; 0 for something else, which can only be refused.
   */
  uint32_t method;
  /**
   * The identifier of the packet.
   */
  uint8_t identifier;
  /**
   * Bytes of `name`, without the zero behind them.
   */
  uint16_t name_length;
  /**
   * Bytes of `challenge`: 8 or 16 of MS-CHAP, any number of CHAP, 0 of PAP.
   */
  uint16_t challenge_length;
  /**
   * Bytes of `response`: 49 of MS-CHAP, 16 of CHAP, those of the password of PAP.
   */
  uint16_t response_length;
  /**
   * The name that the client claims, as it came, with a zero behind it.
   */
  char name[257];
  /**
   * The challenge that was sent.
   */
  uint8_t challenge[256];
  /**
   * The response; of PAP, the password.
   */
  uint8_t response[256];
} pptp_presented;

/**
 * All errors.
 */
#define pptp_error_ALL { pptp_error_None, pptp_error_NullPointer, pptp_error_WrongHandle, pptp_error_Busy, pptp_error_Argument, pptp_error_Text, pptp_error_BufferTooSmall, pptp_error_NoMemory, pptp_error_Internal, pptp_error_TooLate, pptp_error_OtherProtocol, pptp_error_NotFound, pptp_error_WouldBlock, pptp_error_NotConnected, pptp_error_TooLong, pptp_error_NotIp, pptp_error_Refused, pptp_error_Full, pptp_error_NotAsked, pptp_error_Unsuitable, pptp_error_Incomplete, pptp_error_PollFirst, }

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a client of PPTP.
 *
 * `config`: with a name and a password; it is copied. `entropy`: 32 unpredictable bytes of your
 * system (`getrandom(2)`), never used twice. `client`: gets the handle, for `pptp_client_free`.
 *
 * Next: connect to TCP port 1723 of the server, open a raw socket of IP protocol 47, and call
 * `pptp_client_open`. A client that is up takes about 11 KiB. To dial again, make another one.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_new(struct pptp_config *config,
                        const uint8_t *entropy,
                        struct pptp_client **client);

/**
 * Makes a client of L2TP, version 2.
 *
 * `config`: with a name and a password, and `pptp_config_set_host_name`; it is copied. `server`:
 * the server's address, with UDP port 1701. `entropy`: 32 unpredictable bytes, never used twice.
 * `client`: gets the handle, for `pptp_client_free`.
 *
 * Next: open a UDP socket, and call `pptp_client_open`. There is no stream: the functions with
 * `stream` in their names return `PPTP_ERROR_OTHER_PROTOCOL`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_new_l2tp(struct pptp_config *config,
                             const struct pptp_address *server,
                             const uint8_t *entropy,
                             struct pptp_client **client);

/**
 * Frees a client, and wipes its keys and its password. NULL is allowed. Its unsent packets are
 * lost: the peer finds out by its own time-outs. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_free(struct pptp_client *client);

/**
 * Begins: the TCP connection is open (PPTP), or packets can be sent (L2TP).
 *
 * `now_ms`: here and everywhere, milliseconds since a moment of your choice, which never go back.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_open(struct pptp_client *client,
                         uint64_t now_ms);

/**
 * Hangs up: PPP, the call, then the connection. The event `PPTP_EVENT_KIND_CLOSED` follows, after
 * some seconds at most; poll and send until `pptp_client_is_over`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_close(struct pptp_client *client,
                          uint64_t now_ms);

/**
 * Returns 1 when everything is over and the client can be freed, 0 before, or a negative
 * `pptp_error`. Of PPTP, send first what `pptp_client_poll_stream` still gives.
 */
int32_t pptp_client_is_over(struct pptp_client *client);

/**
 * Returns 1 when the peer knows that the session is over, or does not answer any more; 0 before; or a
 * negative `pptp_error`. A program that ends may free the client then. One that goes on keeps a client
 * of L2TP until `pptp_client_is_over`, 31 seconds later, since the peer may repeat its last message.
 */
int32_t pptp_client_is_acknowledged(struct pptp_client *client);

/**
 * Returns 1 when the TCP connection should be read now, 0 when something has to be polled first, or
 * a negative `pptp_error`. PPTP only.
 */
int32_t pptp_client_wants_read(struct pptp_client *client);

/**
 * Takes bytes that came by TCP, cut in any way. PPTP only.
 *
 * Returns how many were taken, or a negative `pptp_error`. When `pptp_client_wants_read` has
 * returned 1, up to 252 bytes are taken in any case; otherwise the rest has to be given again
 * after events and output were polled.
 */
int32_t pptp_client_handle_stream(struct pptp_client *client,
                                  uint64_t now_ms,
                                  const uint8_t *data,
                                  size_t length);

/**
 * Takes note that the TCP connection has ended. PPTP only. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_handle_disconnect(struct pptp_client *client,
                                      uint64_t now_ms);

/**
 * Gives the next bytes for the TCP connection. PPTP only.
 *
 * `data`, `length`: a buffer; `PPTP_BUFFER_LENGTH` is enough. `packet`: gets the place of the bytes
 * in it. Send them all before the next call; while the socket is full, do not call.
 *
 * Returns 1 for bytes, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_client_poll_stream(struct pptp_client *client,
                                uint64_t now_ms,
                                uint8_t *data,
                                size_t length,
                                struct pptp_packet *packet);

/**
 * Takes a packet of the peer: of PPTP what IP protocol 47 carried, without the IP header; of L2TP
 * what UDP carried.
 *
 * `source`: who has sent it; of PPTP it may be NULL. `data`, `length`: the packet, which is
 * decrypted where it lies. `scratch`, `scratch_length`: `PPTP_BUFFER_LENGTH` bytes where compression
 * is allowed; otherwise they may be NULL and 0. `packet`: gets the IP packet, in one of the two
 * buffers.
 *
 * Returns 1 for an IP packet, 0 when there is nothing to deliver (negotiation, or it waits for an
 * earlier one), or a negative `pptp_error`. `PPTP_ERROR_REFUSED` and `PPTP_ERROR_NOT_FOUND` happen
 * on every path, and the client goes on. Afterwards poll everything,
 * `pptp_client_poll_receive` first: while packets wait there, `PPTP_ERROR_POLL_FIRST` may follow.
 */
int32_t pptp_client_handle_packet(struct pptp_client *client,
                                  uint64_t now_ms,
                                  const struct pptp_address *source,
                                  uint8_t *data,
                                  size_t length,
                                  uint8_t *scratch,
                                  size_t scratch_length,
                                  struct pptp_packet *packet);

/**
 * Gives the next packet to send that is no data: of PPTP for IP protocol 47, of L2TP for UDP, to the
 * `address` in `packet`.
 *
 * `data`, `length`: a buffer; `PPTP_BUFFER_LENGTH` is enough. `packet`: gets the place of the packet
 * in it, which is not always the start.
 *
 * Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_client_poll_packet(struct pptp_client *client,
                                uint64_t now_ms,
                                uint8_t *data,
                                size_t length,
                                struct pptp_packet *packet);

/**
 * Gives the next IP packet that had to wait for an earlier one. Call it after each
 * `pptp_client_handle_packet` and `pptp_client_handle_timeout`, until it returns 0.
 *
 * `data`, `length`: a buffer of `PPTP_BUFFER_LENGTH` bytes. `packet`: gets the packet.
 *
 * Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_client_poll_receive(struct pptp_client *client,
                                 uint64_t now_ms,
                                 uint8_t *data,
                                 size_t length,
                                 struct pptp_packet *packet);

/**
 * Encrypts an IP packet, and makes the packet around it that is to be sent.
 *
 * `data`, `length`: a buffer whose first `PPTP_HEADROOM` bytes are free, and which ends with the IP
 * packet. `packet`: gets the packet to send, in the same buffer: of PPTP for IP protocol 47, of L2TP
 * for UDP.
 *
 * Returns 0, or a negative `pptp_error`; then nothing has changed: `PPTP_ERROR_WOULD_BLOCK` when the
 * peer's window is full, `PPTP_ERROR_NOT_CONNECTED` before IP flows, `PPTP_ERROR_TOO_LONG` for more
 * than `pptp_client_mtu`.
 */
int32_t pptp_client_send_ip(struct pptp_client *client,
                            uint64_t now_ms,
                            uint8_t *data,
                            size_t length,
                            struct pptp_packet *packet);

/**
 * Gives the next event. `event`: gets it.
 *
 * Of each kind the latest waits; a client that is polled after each other call reports all.
 *
 * Returns 1 for an event, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_client_poll_event(struct pptp_client *client, struct pptp_event *event);

/**
 * Writes the last event that was polled as a line for a log; of an end, the reason.
 *
 * `buffer`, `length`: as for `pptp_error_text`. Returns the length of the whole text, or a negative
 * `pptp_error`: `PPTP_ERROR_NOT_FOUND` before the first event.
 */
int32_t pptp_client_event_text(struct pptp_client *client,
                               char *buffer,
                               size_t length);

/**
 * Writes what a person can do about the last event that was polled, which was an end.
 *
 * `buffer`, `length`: as for `pptp_error_text`. Returns the length of the whole text, or a negative
 * `pptp_error`: `PPTP_ERROR_NOT_FOUND` before the first event.
 */
int32_t pptp_client_event_advice(struct pptp_client *client,
                                 char *buffer,
                                 size_t length);

/**
 * Returns when `pptp_client_handle_timeout` has to be called, in milliseconds on the clock of
 * `now_ms`: not the time until then. `PPTP_NO_DEADLINE` when nothing is waited for, and for a wrong
 * handle. It changes with every other call.
 */
uint64_t pptp_client_poll_timeout(const struct pptp_client *client);

/**
 * Does what is due. Early, late and repeated calls are harmless. Afterwards poll everything.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_handle_timeout(struct pptp_client *client, uint64_t now_ms);

/**
 * Returns the longest IP packet that may be sent now, in bytes: the MTU for a TUN device; or a
 * negative `pptp_error`: `PPTP_ERROR_NOT_FOUND` without a call.
 */
int32_t pptp_client_mtu(struct pptp_client *client);

/**
 * Returns one of `enum pptp_status`, or a negative `pptp_error`.
 */
int32_t pptp_client_status(struct pptp_client *client);

/**
 * Reads the counters of the call. `statistics`: gets them.
 *
 * Returns 0, or a negative `pptp_error`: `PPTP_ERROR_NOT_FOUND` without a call.
 */
int32_t pptp_client_statistics(struct pptp_client *client, struct pptp_statistics *statistics);

/**
 * Asks the peer for an answer now, by an Echo-Request of PPP. Returns 0, or a negative
 * `pptp_error`.
 */
int32_t pptp_client_ping(struct pptp_client *client, uint64_t now_ms);

/**
 * Answers `PPTP_EVENT_KIND_PASSWORD_EXPIRED` with a new password.
 *
 * `password`: UTF-8 with a zero at its end, at most 256 characters.
 *
 * Returns 0, or a negative `pptp_error`: `PPTP_ERROR_NOT_ASKED`, `PPTP_ERROR_TEXT`.
 */
int32_t pptp_client_change_password(struct pptp_client *client,
                                    uint64_t now_ms,
                                    const char *password);

/**
 * Answers `PPTP_EVENT_KIND_PROVE` with another name and password.
 *
 * `ticket`: of the event. `name`, `password`: UTF-8 with a zero at the end.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_prove(struct pptp_client *client,
                          uint64_t now_ms,
                          uint32_t ticket,
                          const char *name,
                          const char *password);

/**
 * Answers `PPTP_EVENT_KIND_PROVE` with a no: there is no other password. The session ends.
 *
 * `ticket`: of the event. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_client_decline(struct pptp_client *client, uint64_t now_ms, uint32_t ticket);

/**
 * Makes a configuration.
 *
 * `preset`: one of `enum pptp_preset`. `config`: gets the handle, for `pptp_config_free`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_new(uint32_t preset, struct pptp_config **config);

/**
 * Frees a configuration, and wipes the password in it. NULL is allowed. Clients and servers that
 * were made of it go on. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_free(struct pptp_config *config);

/**
 * Sets a client's name and password. A client needs this, or `pptp_config_set_nt_hash`.
 *
 * `name`: with its domain in front where there is one (`DOMAIN\name`). Both are UTF-8 with a zero at
 * the end, and copied.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_password(struct pptp_config *config,
                                 const char *name,
                                 const char *password);

/**
 * Sets a client's name and the NT hash of its password, which is enough for MS-CHAP.
 *
 * `name`: as for `pptp_config_set_password`. `hash`: 16 bytes, of `pptp_mschap_nt_hash`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_nt_hash(struct pptp_config *config,
                                const char *name,
                                const uint8_t *hash);

/**
 * Sets the address that a client asks for. Default: what the server gives.
 *
 * `address`: four bytes in network order. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_wanted_address(struct pptp_config *config, const uint8_t *address);

/**
 * Sets a server's own address in the calls. A server needs it; it may be the same in all calls.
 *
 * `address`: four bytes in network order. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_server_address(struct pptp_config *config, const uint8_t *address);

/**
 * Sets the name servers (DNS) that a server hands out. Default: none.
 *
 * `first`, `second`: four bytes each in network order, or NULL.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_name_servers(struct pptp_config *config,
                                     const uint8_t *first,
                                     const uint8_t *second);

/**
 * Sets the MTU of the path between the two sides, in bytes, at least 576. Default: 1500. The MTU of
 * the tunnel follows from it.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_outer_mtu(struct pptp_config *config,
                                  uint32_t bytes);

/**
 * Sets how this side calls itself on the control connection or in the tunnel. Default: nothing. L2TP
 * peers may choose their settings by it.
 *
 * `name`: UTF-8 with a zero at its end, at most 63 bytes.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_host_name(struct pptp_config *config,
                                  const char *name);

/**
 * Sets the password of L2TP tunnels, which both ends have to prove (RFC 2661 section 5.1.1).
 * Default: none, and nothing is proved.
 *
 * `secret`: UTF-8 with a zero at its end.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_tunnel_secret(struct pptp_config *config, const char *secret);

/**
 * Sets a server's limits, which no peer can exceed.
 *
 * `connections`: control connections or tunnels in all, by default 10000. `per_address`: those of
 * one address, by default 64; behind a NAT there are many clients. `calls`: calls in all, by
 * default 20000. A call that is up takes about 8.5 KiB.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_limits(struct pptp_config *config,
                               size_t connections,
                               size_t per_address,
                               size_t calls);

/**
 * Sets whether packets have to be encrypted (MPPE, RFC 3078).
 *
 * `policy`: one of `enum pptp_encryption_policy`. A requirement holds for packets that come,
 * too: those in the clear are dropped.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_encryption(struct pptp_config *config, uint32_t policy);

/**
 * Sets which lengths of keys are allowed; the longest that both sides allow is taken.
 *
 * `strengths`: numbers of `enum pptp_strength`, added. `prefers_stateless`: 1 takes both modes and
 * prefers keys that change with every packet; 2 takes no other; 0 prefers stateful mode.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_strengths(struct pptp_config *config,
                                  uint32_t strengths,
                                  uint32_t prefers_stateless);

/**
 * Sets how clients prove who they are.
 *
 * `methods`, `count`: numbers of `enum pptp_auth_method`, the most wanted first.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_authentication(struct pptp_config *config,
                                       const uint8_t *methods,
                                       size_t count);

/**
 * Sets whether packets are compressed where the peer can (MPPC, RFC 2118). Default: 0. The length
 * of compressed packets reveals something of their content.
 *
 * `level`: 0 off, 1 fast (50 KiB more for each session that agrees on it), 2 shorter, 3 shortest
 * (98 KiB).
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_compression(struct pptp_config *config,
                                    uint32_t level);

/**
 * Sets which versions of IP flow. `versions`: 4, 6, or 46 for both. Default: 4.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_ip_versions(struct pptp_config *config, uint32_t versions);

/**
 * Sets after how many milliseconds a silent peer is asked whether it is there, by an Echo-Request of
 * PPP; after three without an answer the session ends. Default: 30000. 0 is never.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_keepalive(struct pptp_config *config,
                                  uint64_t interval_ms);

/**
 * Sets how long a session may take until IP flows, in milliseconds. Default: 60000.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_config_set_setup_timeout(struct pptp_config *config, uint64_t timeout_ms);

/**
 * Writes the sentence of an error, in English and with a zero at its end.
 *
 * `code`: what a function returned. `buffer`, `length`: room for the text, which is cut where it
 * does not fit. A `length` of 0 asks for the length alone; `buffer` may be NULL then.
 *
 * Returns the length of the whole text without the zero, as `snprintf` does, or a negative
 * `pptp_error`. A number that is no error of this library gives "unknown error".
 *
 * ```text
 * char text[64];
 * pptp_error_text(error, text, sizeof text);
 * fprintf(stderr, "%s\n", text);
 * ```
 */
int32_t pptp_error_text(int32_t code,
                        char *buffer,
                        size_t length);

/**
 * Makes an inspector that has seen nothing.
 *
 * `inspector`: gets the handle, for `pptp_inspector_free`. It follows at most 1024 sessions, the
 * oldest of which it forgets, and takes a few hundred kilobytes for usual traffic, and less than
 * 100 MB for the worst.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_inspector_new(struct pptp_inspector **inspector);

/**
 * Frees an inspector, and wipes its secrets. NULL is allowed. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_inspector_free(struct pptp_inspector *inspector);

/**
 * Adds a password, with which proofs are checked and packets are decrypted. Call it before the first
 * packet.
 *
 * `user`: the name it is for, or NULL for every name. `password`. Both are UTF-8 with a zero at the
 * end, and copied.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_inspector_add_password(struct pptp_inspector *inspector,
                                    const char *user,
                                    const char *password);

/**
 * Adds the NT hash of a password, 16 bytes: see `pptp_inspector_add_password`.
 */
int32_t pptp_inspector_add_nt_hash(struct pptp_inspector *inspector,
                                   const char *user,
                                   const uint8_t *hash);

/**
 * Takes bytes of one direction of a control connection (TCP port 1723), in order, cut in any way.
 *
 * `tag`: comes back with the records: the number of the packet in a file. `source`, `destination`:
 * with their ports. `data`, `length`: the bytes. `function`, `context`: get the records.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_inspector_handle_stream(struct pptp_inspector *inspector,
                                     uint64_t tag,
                                     const struct pptp_address *source,
                                     const struct pptp_address *destination,
                                     const uint8_t *data,
                                     size_t length,
                                     pptp_record_function function,
                                     void *context);

/**
 * Takes a GRE packet: what IP protocol 47 carried, without the IP header. The arguments are those of
 * `pptp_inspector_handle_stream`; ports are ignored.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_inspector_handle_gre(struct pptp_inspector *inspector,
                                  uint64_t tag,
                                  const struct pptp_address *source,
                                  const struct pptp_address *destination,
                                  const uint8_t *data,
                                  size_t length,
                                  pptp_record_function function,
                                  void *context);

/**
 * Takes a PPP frame of another carrier: L2TP, PPPoE, SSTP, a serial link.
 *
 * `link`: a number that identifies the link. `direction`: 1 from the client, 2 from the server, 0
 * when that is not known. The other arguments are those of `pptp_inspector_handle_stream`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_inspector_handle_frame(struct pptp_inspector *inspector,
                                    uint64_t tag,
                                    uint64_t link,
                                    uint32_t direction,
                                    const uint8_t *data,
                                    size_t length,
                                    pptp_record_function function,
                                    void *context);

/**
 * Reports packets that waited for an earlier one, since nothing more comes. The arguments are those
 * of `pptp_inspector_handle_stream`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_inspector_finish(struct pptp_inspector *inspector,
                              uint64_t tag,
                              pptp_record_function function,
                              void *context);

/**
 * Writes a record as one line of a trace. Names and passwords that were sent are in it. Call it
 * within the callback only.
 *
 * `record`: as the callback got it. `buffer`, `length`: as for `pptp_error_text`.
 *
 * Returns the length of the whole text, or a negative `pptp_error`.
 */
int32_t pptp_record_text(const struct pptp_record *record, char *buffer, size_t length);

/**
 * Has all memory come from the functions of the program, rather than from malloc.
 *
 * `allocator`: copied. Its `context` must stay for as long as the library is used.
 *
 * Call it once, before every other function. Returns 0, `PPTP_ERROR_TOO_LATE` when the library has
 * taken memory before, or another negative `pptp_error`.
 *
 * Besides what its handles take, the library keeps a reserve of 128 KiB while there are handles,
 * and 256 KiB once a configuration allows compression. It is what lets functions return
 * `PPTP_ERROR_NO_MEMORY` where a program in Rust would end. Other threads, which take memory in the
 * same moment, can be in the way of that; the program ends then.
 */
int32_t pptp_set_allocator(const struct pptp_allocator *allocator);

/**
 * Makes an encryptor of the key that this side sends with.
 *
 * `start_key`: 16 bytes, such as `send_key` of `pptp_mschap_keys`; of 40 and 56 bits the first 8
 * bytes count. `bits`: 40, 56 or 128. `stateless`: 1 for keys that change with every packet, 0 for
 * stateful mode. `encryptor`: gets the handle, for `pptp_mppe_encryptor_free`.
 *
 * A key must be used for one encryptor only: two packets under the same key stream are readable.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_mppe_encryptor_new(const uint8_t *start_key,
                                uint32_t bits,
                                int32_t stateless,
                                struct pptp_mppe_encryptor **encryptor);

/**
 * Frees an encryptor, and wipes its keys. NULL is allowed. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_mppe_encryptor_free(struct pptp_mppe_encryptor *encryptor);

/**
 * Encrypts a packet where it lies.
 *
 * `protocol`: its PPP protocol, 0x0021 to 0x00fa (0x0021 is IPv4). `data`, `length`: the buffer,
 * whose first `PPTP_MPPE_HEADROOM` bytes are free, and which ends with the packet. `packet`: gets
 * the encrypted packet, of PPP protocol 0x00fd, in the same buffer.
 *
 * Returns 0, or a negative `pptp_error`; then no key has moved.
 */
int32_t pptp_mppe_encrypt(struct pptp_mppe_encryptor *encryptor,
                          uint16_t protocol,
                          uint8_t *data,
                          size_t length,
                          struct pptp_mppe_packet *packet);

/**
 * Takes note that the peer has sent a CCP Reset-Request, so that the next packet of stateful mode
 * starts the key stream again (RFC 3078 section 8.2). Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_mppe_handle_reset_request(struct pptp_mppe_encryptor *encryptor);

/**
 * Makes a decryptor of the key that this side receives with. The arguments are those of
 * `pptp_mppe_encryptor_new`. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_mppe_decryptor_new(const uint8_t *start_key,
                                uint32_t bits,
                                int32_t stateless,
                                struct pptp_mppe_decryptor **decryptor);

/**
 * Frees a decryptor, and wipes its keys. NULL is allowed. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_mppe_decryptor_free(struct pptp_mppe_decryptor *decryptor);

/**
 * Decrypts a packet where it lies.
 *
 * `data`, `length`: what came by PPP protocol 0x00fd. `packet`: gets the packet within, in the same
 * buffer, and its protocol. Packets may come late or not at all.
 *
 * Returns 0; `PPTP_ERROR_REFUSED` for a packet that is repeated or forged, or that waits for a
 * reset, whose bytes are as they were; or another negative `pptp_error`.
 */
int32_t pptp_mppe_decrypt(struct pptp_mppe_decryptor *decryptor,
                          uint8_t *data,
                          size_t length,
                          struct pptp_mppe_packet *packet);

/**
 * Returns whether a CCP Reset-Request has to be sent now, which stateful mode needs after a loss
 * (RFC 3078 section 8.2). Ask after each `pptp_mppe_decrypt`, and once a second while packets are
 * refused.
 *
 * `now_ms`: milliseconds since a moment of your choice.
 *
 * Returns 256 plus the identifier for the request, 0 when none is due, or a negative `pptp_error`.
 */
int32_t pptp_mppe_poll_reset_request(struct pptp_mppe_decryptor *decryptor,
                                     uint64_t now_ms);

/**
 * Computes the NT hash of a password: MD4 of its UTF-16 form (RFC 2759 section 8.3).
 *
 * `password`: UTF-8 with a zero at its end. `hash`: room for 16 bytes, which are as secret as the
 * password.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_mschap_nt_hash(const char *password,
                            uint8_t *hash);

/**
 * Answers an MS-CHAPv2 challenge, as the peer that proves itself (RFC 2759 section 8.1).
 *
 * `name`, `name_length`: the name, from which a domain in front (`DOMAIN\name`) is cut before it
 * is hashed. `nt_hash`: 16 bytes. `authenticator_challenge`: the 16 bytes that were received.
 * `peer_challenge`: 16 unpredictable bytes of your own. `response`: room for the 49 bytes that are
 * to be sent. `keys`: gets the keys, and the proof that the authenticator has to show.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_mschap_v2_respond(const uint8_t *name,
                               size_t name_length,
                               const uint8_t *nt_hash,
                               const uint8_t *authenticator_challenge,
                               const uint8_t *peer_challenge,
                               uint8_t *response,
                               struct pptp_mschap_keys *keys);

/**
 * Checks the message of an MS-CHAPv2 Success packet, as the peer that has proved itself: whether
 * the authenticator knows the password, too (RFC 2759 section 5).
 *
 * `keys`: of `pptp_mschap_v2_respond`. `message`, `length`: `S=` with 40 digits, and whatever
 * follows. The comparison takes the same time for every wrong proof.
 *
 * Returns 1 if it knows it, 0 if not, in which case nothing must be sent to it; or a negative
 * `pptp_error`.
 */
int32_t pptp_mschap_v2_check_success(const struct pptp_mschap_keys *keys,
                                     const uint8_t *message,
                                     size_t length);

/**
 * Checks an MS-CHAPv2 response, as the authenticator: a RADIUS server, or a checker of logins (RFC
 * 2759 section 8).
 *
 * `name`, `name_length`: the name that came with the response, from which a domain in front
 * (`DOMAIN\name`) is cut before it is hashed. `nt_hash`: the 16 bytes that are stored for the
 * name, or NULL when there is no such name. The same work is done then, so that time does not give
 * names away. `authenticator_challenge`: the 16 bytes that were sent. `response`, `length`: what
 * came, 49 bytes. `keys`: gets the proof for the peer and the keys, where the response is right;
 * otherwise it is filled with zeros.
 *
 * Returns 1 if the response is right, 0 if it is wrong (answer with error 691), or a negative
 * `pptp_error`: `PPTP_ERROR_REFUSED` when it is not 49 bytes long.
 *
 * ```text
 * struct pptp_mschap_keys keys;
 * if (pptp_mschap_v2_verify(name, name_length, hash, challenge, response, 49, &keys) == 1)
 *     printf("%s\n", keys.authenticator_response);
 * ```
 */
int32_t pptp_mschap_v2_verify(const uint8_t *name,
                              size_t name_length,
                              const uint8_t *nt_hash,
                              const uint8_t *authenticator_challenge,
                              const uint8_t *response,
                              size_t length,
                              struct pptp_mschap_keys *keys);

/**
 * Makes a server of PPTP.
 *
 * `config`: with `pptp_config_set_server_address`; it is copied. `server`: gets the handle, for
 * `pptp_server_free`.
 *
 * Next: listen on TCP port 1723, open a raw socket of IP protocol 47, and give each TCP connection
 * to `pptp_server_accept`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_new(struct pptp_config *config,
                        struct pptp_server **server);

/**
 * Makes a server of L2TP, version 2.
 *
 * `config`: with `pptp_config_set_server_address` and `pptp_config_set_host_name`; it is copied.
 * `entropy`: 32 unpredictable bytes, never used twice. `server`: gets the handle, for
 * `pptp_server_free`.
 *
 * Next: open a UDP socket on port 1701. Tunnels come to be by `pptp_server_handle_packet`. There are
 * no streams: the functions with `stream` or `accept` in their names return
 * `PPTP_ERROR_OTHER_PROTOCOL`.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_new_l2tp(struct pptp_config *config,
                             const uint8_t *entropy,
                             struct pptp_server **server);

/**
 * Frees a server with all its connections, and wipes their keys. NULL is allowed. Returns 0, or a
 * negative `pptp_error`.
 */
int32_t pptp_server_free(struct pptp_server *server);

/**
 * Takes a TCP connection that was accepted. PPTP only.
 *
 * `peer`: its other end. `entropy`: 32 unpredictable bytes, never used twice. `connection`: gets its
 * number, from 1, which is not used again.
 *
 * Returns 0, or a negative `pptp_error`: `PPTP_ERROR_FULL` when there are too many, in all or of
 * this address: close it then.
 */
int32_t pptp_server_accept(struct pptp_server *server,
                           uint64_t now_ms,
                           const struct pptp_address *peer,
                           const uint8_t *entropy,
                           uint64_t *connection);

/**
 * Returns 1 when this TCP connection should be read now, 0 when something has to be polled first, or
 * a negative `pptp_error`. PPTP only.
 */
int32_t pptp_server_wants_read(struct pptp_server *server,
                               uint64_t connection);

/**
 * Takes bytes that came by a TCP connection, cut in any way. PPTP only.
 *
 * Returns how many were taken, or a negative `pptp_error`. When `pptp_server_wants_read` has
 * returned 1, up to 252 bytes are taken in any case; otherwise the rest has to be given again
 * after events and output were polled.
 */
int32_t pptp_server_handle_stream(struct pptp_server *server,
                                  uint64_t now_ms,
                                  uint64_t connection,
                                  const uint8_t *data,
                                  size_t length);

/**
 * Takes note that a TCP connection has ended. PPTP only. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_handle_disconnect(struct pptp_server *server,
                                      uint64_t now_ms,
                                      uint64_t connection);

/**
 * Takes a packet of any peer: of PPTP what IP protocol 47 carried, without the IP header; of L2TP
 * what UDP carried. The server finds out whose it is.
 *
 * `source`: who has sent it. `data`, `length`: the packet, which is decrypted where it lies.
 * `scratch`, `scratch_length`: `PPTP_BUFFER_LENGTH` bytes where compression is allowed; otherwise
 * they may be NULL and 0. `packet`: gets the IP packet, in one of the two buffers, and whose it is.
 *
 * Returns 1 for an IP packet, 0 when there is nothing to deliver, or a negative `pptp_error`.
 * `PPTP_ERROR_REFUSED` and `PPTP_ERROR_NOT_FOUND` happen on every path, and leave `packet` as it
 * was. Otherwise poll the `connection` in `packet` with `pptp_server_poll_receive`, and then those
 * that are ready: while packets wait, `PPTP_ERROR_POLL_FIRST` may follow.
 */
int32_t pptp_server_handle_packet(struct pptp_server *server,
                                  uint64_t now_ms,
                                  const struct pptp_address *source,
                                  uint8_t *data,
                                  size_t length,
                                  uint8_t *scratch,
                                  size_t scratch_length,
                                  struct pptp_packet *packet);

/**
 * Returns a connection or tunnel that may have something to send or to report. Returns 0 when
 * nothing is ready, for a wrong handle, and while memory has run out.
 *
 * Call it after each input and each command, and after `pptp_server_handle_timeout`, until it
 * returns 0. Poll each one until nothing is left: it is not returned again before something
 * happens.
 *
 * ```text
 * while ((id = pptp_server_poll_ready(server)) != 0) {
 *     while (pptp_server_poll_event(server, id, &event) > 0) ...
 *     while (pptp_server_poll_packet(server, now, id, buffer, sizeof buffer, &packet) > 0) ...
 *     if (pptp_server_is_over(server, id) == 1) pptp_server_remove(server, now, id);
 * }
 * ```
 */
uint64_t pptp_server_poll_ready(struct pptp_server *server);

/**
 * Gives the next bytes for a TCP connection. PPTP only. The arguments are those of
 * `pptp_client_poll_stream`, and the connection. While its socket is full, do not call; call again
 * when there is room.
 *
 * Returns 1 for bytes, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_server_poll_stream(struct pptp_server *server,
                                uint64_t now_ms,
                                uint64_t connection,
                                uint8_t *data,
                                size_t length,
                                struct pptp_packet *packet);

/**
 * Gives the next packet of a connection or tunnel that is no data. Of PPTP it is for IP protocol 47,
 * to the connection's peer; of L2TP for UDP, to the `address` in `packet`. The arguments are those of
 * `pptp_client_poll_packet`, and the connection.
 *
 * Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_server_poll_packet(struct pptp_server *server,
                                uint64_t now_ms,
                                uint64_t connection,
                                uint8_t *data,
                                size_t length,
                                struct pptp_packet *packet);

/**
 * Gives the next IP packet of a connection or tunnel that had to wait for an earlier one. The
 * arguments are those of `pptp_client_poll_receive`, and the connection.
 *
 * Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_server_poll_receive(struct pptp_server *server,
                                 uint64_t now_ms,
                                 uint64_t connection,
                                 uint8_t *data,
                                 size_t length,
                                 struct pptp_packet *packet);

/**
 * Encrypts an IP packet for a call, and makes the packet around it that is to be sent. The other
 * arguments, and the result, are those of `pptp_client_send_ip`.
 *
 * `connection`, `call`: of the event that said that IP is up.
 */
int32_t pptp_server_send_ip(struct pptp_server *server,
                            uint64_t now_ms,
                            uint64_t connection,
                            uint32_t call,
                            uint8_t *data,
                            size_t length,
                            struct pptp_packet *packet);

/**
 * Gives the next event of a connection or tunnel. `event`: gets it.
 *
 * Returns 1 for an event, 0 for none, or a negative `pptp_error`.
 */
int32_t pptp_server_poll_event(struct pptp_server *server,
                               uint64_t connection,
                               struct pptp_event *event);

/**
 * Writes the last event that was polled as a line for a log: see `pptp_client_event_text`.
 */
int32_t pptp_server_event_text(struct pptp_server *server, char *buffer, size_t length);

/**
 * Writes what a person can do about the last event that was polled: see
 * `pptp_client_event_advice`.
 */
int32_t pptp_server_event_advice(struct pptp_server *server, char *buffer, size_t length);

/**
 * Returns when `pptp_server_handle_timeout` has to be called, or a moment before that: see
 * `pptp_client_poll_timeout`.
 */
uint64_t pptp_server_poll_timeout(const struct pptp_server *server);

/**
 * Does what is due. Early, late and repeated calls are harmless. Afterwards poll those that are
 * ready.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_handle_timeout(struct pptp_server *server, uint64_t now_ms);

/**
 * Returns 1 when a connection or tunnel is over and can be removed, 0 before, or a negative
 * `pptp_error`. Of PPTP, send first what `pptp_server_poll_stream` still gives, then close the TCP
 * connection.
 */
int32_t pptp_server_is_over(struct pptp_server *server,
                            uint64_t connection);

/**
 * Forgets a connection or tunnel, with its calls. Returns 0, also when it does not exist, or a
 * negative `pptp_error`.
 */
int32_t pptp_server_remove(struct pptp_server *server, uint64_t now_ms, uint64_t connection);

/**
 * Hangs up a connection or tunnel with all its calls. `PPTP_EVENT_KIND_CLOSED` follows, after some
 * seconds at most. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_close(struct pptp_server *server,
                          uint64_t now_ms,
                          uint64_t connection);

/**
 * Hangs up one call. `PPTP_EVENT_KIND_CALL_CLOSED` follows, after some seconds at most. Returns 0,
 * or a negative `pptp_error`.
 */
int32_t pptp_server_close_call(struct pptp_server *server,
                               uint64_t now_ms,
                               uint64_t connection,
                               uint32_t call);

/**
 * Answers with the password that is stored for the name: the library compares. It suits every
 * method.
 *
 * `connection`, `call`, `ticket`: of the event. `password`: UTF-8 with a zero at its end.
 *
 * Returns 1 when the client is let in, 0 when its password is wrong, or a negative `pptp_error`:
 * `PPTP_ERROR_NOT_ASKED` for an old ticket.
 */
int32_t pptp_server_answer_password(struct pptp_server *server,
                                    uint64_t now_ms,
                                    uint64_t connection,
                                    uint32_t call,
                                    uint32_t ticket,
                                    const char *password);

/**
 * Answers with the NT hash that is stored for the name: the library compares. It suits MS-CHAP.
 *
 * `connection`, `call`, `ticket`: of the event. `hash`: 16 bytes, or NULL when there is no such
 * name: the same work is done then. `restriction`: an error number for a client whose password is
 * right, and that may not come in: 646 restricted hours, 647 disabled, 648 expired, 649 no
 * permission; 0 for none.
 *
 * Returns 1 when the client is let in, 0 when it is refused, or a negative `pptp_error`.
 */
int32_t pptp_server_answer_nt_hash(struct pptp_server *server,
                                   uint64_t now_ms,
                                   uint64_t connection,
                                   uint32_t call,
                                   uint32_t ticket,
                                   const uint8_t *hash,
                                   uint32_t restriction);

/**
 * Answers that another server, such as a RADIUS server, has found the proof good.
 *
 * `connection`, `call`, `ticket`: of the event. `message`, `length`: what the client gets: of
 * MS-CHAPv2 the `S=` with 40 digits of MS-CHAP2-Success. `send_key`, `receive_key`: 16 bytes each,
 * MS-MPPE-Send-Key and MS-MPPE-Recv-Key, or both NULL without keys: nothing is encrypted then, and
 * the session ends where it has to be.
 *
 * Returns 1 when the client is let in, 0 when not, or a negative `pptp_error`:
 * `PPTP_ERROR_UNSUITABLE` when the message lacks the proof.
 */
int32_t pptp_server_answer_accept(struct pptp_server *server,
                                  uint64_t now_ms,
                                  uint64_t connection,
                                  uint32_t call,
                                  uint32_t ticket,
                                  const uint8_t *message,
                                  size_t length,
                                  const uint8_t *send_key,
                                  const uint8_t *receive_key);

/**
 * Answers that the client is refused.
 *
 * `connection`, `call`, `ticket`: of the event. `message`, `length`: what the client gets: of
 * MS-CHAP `E=691 R=0 V=3`, of others any text, or nothing.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_answer_reject(struct pptp_server *server,
                                  uint64_t now_ms,
                                  uint64_t connection,
                                  uint32_t call,
                                  uint32_t ticket,
                                  const uint8_t *message,
                                  size_t length);

/**
 * Sets the address that a client has to take. Call it before the answer that lets the client in; and
 * at `PPTP_EVENT_KIND_ADDRESS_WANTED`, for one that may have the address that it wants.
 *
 * `address`: four bytes in network order.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_assign_address(struct pptp_server *server,
                                   uint64_t connection,
                                   uint32_t call,
                                   const uint8_t *address);

/**
 * Sets the name servers (DNS) of one client, in place of those of the configuration. Call it before
 * the answer that lets the client in.
 *
 * `first`, `second`: four bytes each in network order, or NULL.
 *
 * Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_assign_name_servers(struct pptp_server *server,
                                        uint64_t connection,
                                        uint32_t call,
                                        const uint8_t *first,
                                        const uint8_t *second);

/**
 * Returns the longest IP packet that may be sent by a call now, in bytes, or a negative
 * `pptp_error`.
 */
int32_t pptp_server_mtu(struct pptp_server *server, uint64_t connection, uint32_t call);

/**
 * Returns one of `enum pptp_status` for a call, or a negative `pptp_error`.
 */
int32_t pptp_server_status(struct pptp_server *server, uint64_t connection, uint32_t call);

/**
 * Reads the counters of a call. `statistics`: gets them. Returns 0, or a negative `pptp_error`.
 */
int32_t pptp_server_statistics(struct pptp_server *server,
                               uint64_t connection,
                               uint32_t call,
                               struct pptp_statistics *statistics);

/**
 * Reads what the client of a call presents, while `PPTP_EVENT_KIND_AUTHENTICATE` waits for an
 * answer. `presented`: gets it.
 *
 * Returns 0, or a negative `pptp_error`: `PPTP_ERROR_NOT_ASKED` when nothing waits for an answer,
 * `PPTP_ERROR_TEXT` for a name of more than 256 bytes, which is to be refused.
 */
int32_t pptp_server_presented(struct pptp_server *server,
                              uint64_t connection,
                              uint32_t call,
                              struct pptp_presented *presented);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PPTP_H */
