/*
 * Checks an MS-CHAPv2 login, as a RADIUS server or a VPN's login script does (RFC 2759).
 *
 *     login_checker NAME PASSWORD CHALLENGE RESPONSE
 *     login_checker NAME nt:HASH  CHALLENGE RESPONSE
 *
 * CHALLENGE: the 16 bytes that were sent. RESPONSE: the 49 bytes that came back, or the 50 of
 * RADIUS's MS-CHAP2-Response, whose first two are an identifier and flags. HASH: the 16 bytes of
 * the NT hash. All in hexadecimal digits.
 *
 * Prints the verdict and, of a right one, the proof for the client and the keys of the session.
 * Exit status: 0 accepted, 1 refused, 2 something is wrong with the arguments.
 */
#include <pptp.h>

#include <stdio.h>
#include <string.h>

/* Reads hexadecimal digits. Returns how many bytes they were, or -1. */
static int read_hex(const char *digits, uint8_t *bytes, size_t room)
{
    size_t count = strlen(digits) / 2;
    if (strlen(digits) % 2 != 0 || count > room)
        return -1;
    for (size_t i = 0; i < count; i++) {
        unsigned value;
        int used = 0;
        if (sscanf(digits + 2 * i, "%2x%n", &value, &used) != 1 || used != 2)
            return -1;
        bytes[i] = (uint8_t)value;
    }
    return (int)count;
}

static void print_hex(const char *name, const uint8_t *bytes, size_t count)
{
    printf("%s", name);
    for (size_t i = 0; i < count; i++)
        printf("%02x", bytes[i]);
    putchar('\n');
}

static int fail(const char *what)
{
    fprintf(stderr, "login_checker: %s\n", what);
    return 2;
}

static int fail_with(int error)
{
    char text[64];
    pptp_error_text(error, text, sizeof text);
    return fail(text);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return fail("usage: login_checker NAME PASSWORD|nt:HASH CHALLENGE RESPONSE");
    const char *name = argv[1];

    uint8_t hash[PPTP_MSCHAP_HASH_LENGTH];
    if (strncmp(argv[2], "nt:", 3) == 0) {
        if (read_hex(argv[2] + 3, hash, sizeof hash) != sizeof hash)
            return fail("the hash is not 32 hexadecimal digits");
    } else {
        int result = pptp_mschap_nt_hash(argv[2], hash);
        if (result < 0)
            return fail_with(result);
    }

    uint8_t challenge[PPTP_MSCHAP_CHALLENGE_LENGTH];
    if (read_hex(argv[3], challenge, sizeof challenge) != sizeof challenge)
        return fail("the challenge is not 32 hexadecimal digits");

    /* RFC 2548 section 2.3.2: identifier, flags, peer challenge, reserved, response. */
    uint8_t bytes[50];
    uint8_t response[PPTP_MSCHAP_RESPONSE_LENGTH];
    int count = read_hex(argv[4], bytes, sizeof bytes);
    if (count == 50) {
        memcpy(response, bytes + 2, 48);
        response[48] = bytes[1];
    } else if (count == PPTP_MSCHAP_RESPONSE_LENGTH) {
        memcpy(response, bytes, sizeof response);
    } else {
        return fail("the response is not 98 or 100 hexadecimal digits");
    }

    pptp_mschap_keys keys;
    int verdict = pptp_mschap_v2_verify((const uint8_t *)name, strlen(name), hash, challenge,
                                        response, sizeof response, &keys);
    if (verdict < 0)
        return fail_with(verdict);
    if (verdict == 0) {
        /* RFC 2759 section 6: what the client is sent. A new challenge would let it try again. */
        puts("refused: E=691 R=0 V=3");
        return 1;
    }
    printf("accepted: %s\n", keys.authenticator_response);
    print_hex("MS-MPPE-Send-Key: ", keys.send_key, sizeof keys.send_key);
    print_hex("MS-MPPE-Recv-Key: ", keys.receive_key, sizeof keys.receive_key);
    memset(&keys, 0, sizeof keys);
    memset(hash, 0, sizeof hash);
    return 0;
}
