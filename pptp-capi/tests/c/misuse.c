/*
 * NULL, wrong handles, wrong numbers, short buffers: each is an error, and changes nothing. MPPE and
 * the inspector by themselves.
 */
#include <pptp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void expect_at(int line, long long found, long long expected)
{
    char text[80];
    if (found == expected)
        return;
    pptp_error_text((int)found, text, sizeof text);
    fprintf(stderr, "misuse.c:%d: %lld (%s), not %lld\n", line, found, text, expected);
    failures++;
}
#define EXPECT(call, result) expect_at(__LINE__, (call), (result))

static const uint8_t ENTROPY[PPTP_ENTROPY_LENGTH] = { 1, 2, 3 };
static const pptp_address PEER = { 4, 1701, { 192, 0, 2, 1 } };

static void texts(void)
{
    char text[64];
    EXPECT(pptp_error_text(0, text, sizeof text), (int)strlen("no error"));
    EXPECT(strcmp(text, "no error"), 0);
    /* Cut, with a zero at the end; the length is that of all. */
    EXPECT(pptp_error_text(PPTP_ERROR_NO_MEMORY, text, 7), 18);
    EXPECT(strcmp(text, "memory"), 0);
    EXPECT(pptp_error_text(PPTP_ERROR_NO_MEMORY, text, 1), 18);
    EXPECT(text[0], 0);
    EXPECT(pptp_error_text(PPTP_ERROR_NO_MEMORY, NULL, 0), 18);
    EXPECT(pptp_error_text(PPTP_ERROR_NO_MEMORY, NULL, 8), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_error_text(-1000, text, sizeof text), 13);
    /* Every error has a sentence of its own. */
    for (int code = PPTP_ERROR_NONE; code >= PPTP_ERROR_POLL_FIRST; code--) {
        pptp_error_text(code, text, sizeof text);
        EXPECT(strcmp(text, "unknown error") != 0, 1);
    }
}

static void configurations(void)
{
    pptp_config *config = NULL;
    pptp_client *client = NULL;
    pptp_server *server = NULL;
    char not_utf8[] = { 'a', (char)0xff, 0 };
    uint8_t methods[5] = { 4, 3, 2, 1, 4 };
    char long_name[65];
    memset(long_name, 'x', 64);
    long_name[64] = 0;

    EXPECT(pptp_config_new(PPTP_PRESET_STRICT, NULL), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_config_new(17, &config), PPTP_ERROR_ARGUMENT);
    EXPECT(config == NULL, 1);
    EXPECT(pptp_config_new(PPTP_PRESET_INTEROP, &config), 0);
    /* Nothing is set yet. */
    EXPECT(pptp_client_new(config, ENTROPY, &client), PPTP_ERROR_INCOMPLETE);
    EXPECT(pptp_server_new(config, &server), PPTP_ERROR_INCOMPLETE);
    EXPECT(client == NULL && server == NULL, 1);
    EXPECT(pptp_config_set_password(NULL, "a", "b"), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_config_set_password(config, NULL, "b"), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_config_set_password(config, not_utf8, "b"), PPTP_ERROR_TEXT);
    EXPECT(pptp_config_set_password(config, "alice", "wonderland"), 0);
    EXPECT(pptp_config_set_nt_hash(config, "alice", NULL), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_config_set_encryption(config, 4), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_encryption(config, PPTP_ENCRYPTION_POLICY_PREFERRED), 0);
    EXPECT(pptp_config_set_strengths(config, 0, 1), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_strengths(config, 8, 1), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_strengths(config, PPTP_STRENGTH_BITS128, 3), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_strengths(config, PPTP_STRENGTH_BITS40 + PPTP_STRENGTH_BITS128, 1), 0);
    EXPECT(pptp_config_set_authentication(config, methods, 0), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_authentication(config, methods, 5), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_authentication(config, NULL, 1), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_config_set_authentication(config, methods, 2), 0);
    EXPECT(pptp_config_set_compression(config, 4), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_ip_versions(config, 5), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_outer_mtu(config, 575), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_outer_mtu(config, 66000), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_set_host_name(config, long_name), PPTP_ERROR_TEXT);
    EXPECT(pptp_config_set_server_address(config, NULL), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_client_new(config, NULL, &client), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_client_new_l2tp(config, NULL, ENTROPY, &client), PPTP_ERROR_NULL_POINTER);
    pptp_address nowhere = { 5, 1701, { 0 } };
    EXPECT(pptp_client_new_l2tp(config, &nowhere, ENTROPY, &client), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_config_free(config), 0);
    EXPECT(pptp_config_free(NULL), 0);
}

/* A server for more connections than there can be memory for is refused, and all else goes on. */
static void boundless(void)
{
    pptp_config *config = NULL;
    pptp_server *server = NULL;
    EXPECT(pptp_config_new(PPTP_PRESET_STRICT, &config), 0);
    EXPECT(pptp_config_set_server_address(config, (const uint8_t[4]){ 10, 0, 0, 1 }), 0);
    EXPECT(pptp_config_set_limits(config, SIZE_MAX, 16, 4), 0);
    EXPECT(pptp_server_new(config, &server), PPTP_ERROR_NO_MEMORY);
    EXPECT(pptp_config_set_limits(config, 16, 16, 4), 0);
    EXPECT(pptp_server_new(config, &server), 0);
    EXPECT(pptp_server_free(server), 0);
    EXPECT(pptp_config_free(config), 0);
}

static void handles(void)
{
    pptp_config *config = NULL;
    pptp_client *client = NULL, *l2tp = NULL;
    pptp_server *server = NULL;
    pptp_event event;
    pptp_packet packet;
    pptp_presented presented;
    pptp_statistics statistics;
    uint8_t buffer[PPTP_BUFFER_LENGTH];
    static const uint8_t own[4] = { 10, 0, 0, 1 };
    uint64_t words[8] = { 0 };
    uint64_t id = 0;

    EXPECT(pptp_config_new(PPTP_PRESET_STRICT, &config), 0);
    EXPECT(pptp_config_set_password(config, "alice", "wonderland"), 0);
    EXPECT(pptp_config_set_server_address(config, own), 0);
    EXPECT(pptp_client_new(config, ENTROPY, &client), 0);
    EXPECT(pptp_client_new_l2tp(config, &PEER, ENTROPY, &l2tp), 0);
    EXPECT(pptp_server_new(config, &server), 0);

    /* Of another kind, not a handle, not aligned, NULL. */
    EXPECT(pptp_client_open((pptp_client *)server, 0), PPTP_ERROR_WRONG_HANDLE);
    EXPECT(pptp_client_open((pptp_client *)config, 0), PPTP_ERROR_WRONG_HANDLE);
    EXPECT(pptp_client_open((pptp_client *)words, 0), PPTP_ERROR_WRONG_HANDLE);
    EXPECT(pptp_client_open((pptp_client *)((char *)words + 1), 0), PPTP_ERROR_WRONG_HANDLE);
    EXPECT(pptp_client_open(NULL, 0), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_client_free((pptp_client *)server), PPTP_ERROR_WRONG_HANDLE);
    EXPECT(pptp_client_new((pptp_config *)client, ENTROPY, &client), PPTP_ERROR_WRONG_HANDLE);
    EXPECT(pptp_client_poll_timeout(NULL) == PPTP_NO_DEADLINE, 1);
    EXPECT(pptp_server_poll_ready(NULL) == 0, 1);

    /* Before there is anything. */
    EXPECT(pptp_client_poll_event(client, &event), 0);
    EXPECT(pptp_client_event_text(client, NULL, 0), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_client_mtu(client), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_client_status(client), PPTP_STATUS_DIALING);
    EXPECT(pptp_client_statistics(client, &statistics), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_client_send_ip(client, 0, buffer, 100, &packet), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_client_change_password(client, 0, "new"), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_client_is_over(client), 0);

    /* PPTP has streams, L2TP has none. */
    EXPECT(pptp_client_wants_read(l2tp), PPTP_ERROR_OTHER_PROTOCOL);
    EXPECT(pptp_client_handle_stream(l2tp, 0, buffer, 1), PPTP_ERROR_OTHER_PROTOCOL);
    EXPECT(pptp_client_poll_stream(l2tp, 0, buffer, sizeof buffer, &packet), PPTP_ERROR_OTHER_PROTOCOL);
    EXPECT(pptp_client_handle_packet(l2tp, 0, NULL, buffer, 10, NULL, 0, &packet),
           PPTP_ERROR_NULL_POINTER);

    /* Buffers: none, too short, overlapping, longer than memory. Nothing that waits is lost. */
    EXPECT(pptp_client_open(client, 0), 0);
    EXPECT(pptp_client_poll_stream(client, 0, NULL, 10, &packet), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_client_poll_stream(client, 0, buffer, 0, &packet), PPTP_ERROR_BUFFER_TOO_SMALL);
    EXPECT(pptp_client_poll_stream(client, 0, buffer, 155, &packet), PPTP_ERROR_BUFFER_TOO_SMALL);
    EXPECT(pptp_client_poll_stream(client, 0, buffer, sizeof buffer, NULL), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_client_poll_stream(client, 0, buffer, SIZE_MAX, &packet), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_client_poll_stream(client, 0, buffer, 156, &packet), 1);
    EXPECT(packet.length, 156);
    EXPECT(pptp_client_poll_stream(client, 0, buffer, sizeof buffer, &packet), 0);
    EXPECT(pptp_client_handle_packet(client, 0, NULL, buffer, 100, buffer + 50, 100, &packet),
           PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_client_handle_packet(client, 0, NULL, NULL, 0, NULL, 0, &packet), PPTP_ERROR_REFUSED);
    EXPECT(pptp_client_poll_event(client, NULL), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_client_poll_event(client, (pptp_event *)((char *)words + 1)), PPTP_ERROR_ARGUMENT);

    /* A server: connections that do not exist, limits. */
    EXPECT(pptp_server_accept(server, 0, &PEER, ENTROPY, NULL), PPTP_ERROR_NULL_POINTER);
    boundless();
    EXPECT(pptp_server_accept(server, 0, NULL, ENTROPY, &id), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_server_accept(server, 0, &PEER, ENTROPY, &id), 0);
    EXPECT(id, 1);
    EXPECT(pptp_server_handle_stream(server, 0, 2, buffer, 1), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_server_wants_read(server, 2), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_server_poll_event(server, 2, &event), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_server_presented(server, 1, 0, &presented), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_server_answer_password(server, 0, 1, 70000, 1, "x"), PPTP_ERROR_NOT_FOUND);
    EXPECT(pptp_server_remove(server, 0, 2), 0);
    EXPECT(pptp_server_remove(server, 0, 1), 0);
    EXPECT(pptp_server_is_over(server, 1), PPTP_ERROR_NOT_FOUND);

    /* A peer that never answers. */
    uint64_t deadline = pptp_client_poll_timeout(client);
    EXPECT(deadline, 10000);
    EXPECT(pptp_client_handle_timeout(client, deadline), 0);
    EXPECT(pptp_client_poll_event(client, &event), 1);
    EXPECT(event.kind, PPTP_EVENT_KIND_CLOSED);
    EXPECT(event.number, 800);
    char text[100];
    pptp_client_event_text(client, text, sizeof text);
    EXPECT(strcmp(text, "the peer has not started the connection in time: is it a PPTP peer?"), 0);
    pptp_client_event_advice(client, text, sizeof text);
    EXPECT(strcmp(text, "see whether it is a PPTP server that listens on TCP port 1723"), 0);
    EXPECT(pptp_client_is_over(client), 1);

    EXPECT(pptp_client_free(client), 0);
    EXPECT(pptp_client_free(l2tp), 0);
    EXPECT(pptp_server_free(server), 0);
    EXPECT(pptp_config_free(config), 0);
}

static void mppe(void)
{
    pptp_mppe_encryptor *encryptor = NULL;
    pptp_mppe_decryptor *decryptor = NULL;
    static const uint8_t key[16] = { 1 };
    uint8_t buffer[PPTP_MPPE_HEADROOM + 20], copy[sizeof buffer];
    pptp_mppe_packet packet;
    EXPECT(pptp_mppe_encryptor_new(key, 64, 1, &encryptor), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_mppe_encryptor_new(key, 128, 2, &encryptor), PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_mppe_encryptor_new(key, 128, 1, &encryptor), 0);
    EXPECT(pptp_mppe_decryptor_new(key, 128, 1, &decryptor), 0);
    EXPECT(pptp_mppe_encrypt(encryptor, 0x0021, buffer, 3, &packet), PPTP_ERROR_BUFFER_TOO_SMALL);
    EXPECT(pptp_mppe_encrypt(encryptor, 0xc021, buffer, sizeof buffer, &packet), PPTP_ERROR_NOT_IP);
    for (int i = 0; i < 5000; i++) {
        memset(buffer, 0, sizeof buffer);
        buffer[PPTP_MPPE_HEADROOM] = 0x45;
        buffer[PPTP_MPPE_HEADROOM + 3] = 20;
        buffer[PPTP_MPPE_HEADROOM + 4] = (uint8_t)i;
        EXPECT(pptp_mppe_encrypt(encryptor, 0x0021, buffer, sizeof buffer, &packet), 0);
        EXPECT(packet.length, sizeof buffer);
        EXPECT(packet.protocol, 0x00fd);
        memcpy(copy, packet.data, packet.length);
        if (i % 7 == 3)
            continue; /* lost */
        EXPECT(pptp_mppe_decrypt(decryptor, copy, packet.length, &packet), 0);
        EXPECT(packet.protocol, 0x0021);
        EXPECT(packet.length, 20);
        EXPECT(packet.data[4], (uint8_t)i);
        /* Once more. */
        memcpy(copy, buffer, sizeof copy);
        EXPECT(pptp_mppe_decrypt(decryptor, copy, sizeof copy, &packet), PPTP_ERROR_REFUSED);
        EXPECT(memcmp(copy, buffer, sizeof copy), 0);
    }
    EXPECT(pptp_mppe_poll_reset_request(decryptor, 0), 0);
    EXPECT(pptp_mppe_decrypt((pptp_mppe_decryptor *)encryptor, copy, sizeof copy, &packet),
           PPTP_ERROR_WRONG_HANDLE);
    EXPECT(pptp_mppe_encryptor_free(encryptor), 0);
    EXPECT(pptp_mppe_decryptor_free(decryptor), 0);
    /* Stateful: after a loss a reset is asked for. */
    EXPECT(pptp_mppe_encryptor_new(key, 40, 0, &encryptor), 0);
    EXPECT(pptp_mppe_decryptor_new(key, 40, 0, &decryptor), 0);
    for (int i = 0; i < 3; i++) {
        memset(buffer, 0, sizeof buffer);
        buffer[PPTP_MPPE_HEADROOM] = 0x45;
        buffer[PPTP_MPPE_HEADROOM + 3] = 20;
        EXPECT(pptp_mppe_encrypt(encryptor, 0x0021, buffer, sizeof buffer, &packet), 0);
        if (i == 1)
            continue;
        EXPECT(pptp_mppe_decrypt(decryptor, packet.data, packet.length, &packet),
               i == 0 ? 0 : PPTP_ERROR_REFUSED);
    }
    EXPECT(pptp_mppe_poll_reset_request(decryptor, 0) >= 256, 1);
    EXPECT(pptp_mppe_handle_reset_request(encryptor), 0);
    memset(buffer, 0, sizeof buffer);
    buffer[PPTP_MPPE_HEADROOM] = 0x45;
    buffer[PPTP_MPPE_HEADROOM + 3] = 20;
    EXPECT(pptp_mppe_encrypt(encryptor, 0x0021, buffer, sizeof buffer, &packet), 0);
    EXPECT(pptp_mppe_decrypt(decryptor, packet.data, packet.length, &packet), 0);
    EXPECT(pptp_mppe_encryptor_free(encryptor), 0);
    EXPECT(pptp_mppe_decryptor_free(decryptor), 0);
}

static void mschap(void)
{
    /* RFC 2759 section 9.2, RFC 3079 section 3.5.3. */
    static const uint8_t challenge[16] = "[]|}{?/><,`!2&&(", peer[16] = "!@#$%^&*()_+:3|~";
    uint8_t hash[16], response[PPTP_MSCHAP_RESPONSE_LENGTH];
    pptp_mschap_keys client, server;
    const uint8_t *name = (const uint8_t *)"DOMAIN\\User";
    size_t length = strlen("DOMAIN\\User");
    static const uint8_t zeros[sizeof server] = { 0 };

    EXPECT(pptp_mschap_nt_hash(NULL, hash), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_mschap_nt_hash("clientPass", hash), 0);
    EXPECT(hash[0], 0x44);
    EXPECT(pptp_mschap_v2_respond(name, length, hash, challenge, peer, response, &client), 0);
    EXPECT(response[24], 0x82);
    EXPECT(strcmp(client.authenticator_response, "S=407A5589115FD0D6209F510FE9C04566932CDA56"), 0);
    EXPECT(pptp_mschap_v2_verify(name, length, hash, challenge, response, 49, &server), 1);
    EXPECT(memcmp(client.send_key, server.receive_key, 16), 0);
    EXPECT(memcmp(client.receive_key, server.send_key, 16), 0);
    EXPECT(server.send_key[0], 0x8b);
    EXPECT(server.master_key[0], 0xfd);
    const char *message = "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Welcome";
    EXPECT(pptp_mschap_v2_check_success(&client, (const uint8_t *)message, strlen(message)), 1);
    message = "S=407A5589115FD0D6209F510FE9C04566932CDA57";
    EXPECT(pptp_mschap_v2_check_success(&client, (const uint8_t *)message, strlen(message)), 0);
    EXPECT(pptp_mschap_v2_check_success(&client, NULL, 0), 0);
    /* Wrong, unknown, too short. */
    response[30] ^= 1;
    EXPECT(pptp_mschap_v2_verify(name, length, hash, challenge, response, 49, &server), 0);
    EXPECT(memcmp(&server, zeros, sizeof server), 0);
    EXPECT(pptp_mschap_v2_verify(name, length, NULL, challenge, response, 49, &server), 0);
    EXPECT(pptp_mschap_v2_verify(name, length, hash, challenge, response, 48, &server),
           PPTP_ERROR_REFUSED);
    EXPECT(pptp_mschap_v2_verify(NULL, 3, hash, challenge, response, 49, &server),
           PPTP_ERROR_NULL_POINTER);
}

struct trace {
    pptp_inspector *inspector;
    int records;
    char last[200];
};

static void take(void *context, const pptp_record *record)
{
    struct trace *trace = context;
    trace->records++;
    EXPECT(pptp_record_text(record, trace->last, sizeof trace->last) > 0, 1);
    EXPECT(record->tag, 7);
    /* The inspector is in use. */
    EXPECT(pptp_inspector_finish(trace->inspector, 7, take, context), PPTP_ERROR_BUSY);
    EXPECT(pptp_inspector_free(trace->inspector), PPTP_ERROR_BUSY);
}

static void inspector(void)
{
    struct trace trace = { NULL, 0, "" };
    /* An Echo-Request of LCP. */
    static const uint8_t frame[] = { 0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 0x12, 0x34, 0x56, 0x78 };
    pptp_address client = { 4, 40000, { 192, 0, 2, 1 } }, server = { 4, 1723, { 192, 0, 2, 2 } };
    uint8_t gre[] = { 0x30, 0x01, 0x88, 0x0b, 0, 12, 0, 7, 0, 0, 0, 0,
                      0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8, 0x12, 0x34, 0x56, 0x78 };
    EXPECT(pptp_inspector_new(&trace.inspector), 0);
    EXPECT(pptp_inspector_add_password(trace.inspector, NULL, NULL), PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_inspector_add_password(trace.inspector, "alice", "wonderland"), 0);
    EXPECT(pptp_inspector_handle_frame(trace.inspector, 7, 1, 1, frame, sizeof frame, NULL, NULL),
           PPTP_ERROR_NULL_POINTER);
    EXPECT(pptp_inspector_handle_frame(trace.inspector, 7, 1, 3, frame, sizeof frame, take, &trace),
           PPTP_ERROR_ARGUMENT);
    EXPECT(pptp_inspector_handle_frame(trace.inspector, 7, 1, 1, frame, sizeof frame, take, &trace), 0);
    EXPECT(trace.records, 2);
    EXPECT(strcmp(trace.last, "7 session 1, client: LCP ECHOREQ id 1 len 8"), 0);
    EXPECT(pptp_inspector_handle_gre(trace.inspector, 7, &client, &server, gre, sizeof gre, take, &trace), 0);
    EXPECT(trace.records, 5);
    EXPECT(pptp_inspector_handle_stream(trace.inspector, 7, &client, &server, frame, 0, take, &trace), 0);
    EXPECT(pptp_inspector_finish(trace.inspector, 7, take, &trace), 0);
    EXPECT(pptp_inspector_add_nt_hash(trace.inspector, NULL, frame), PPTP_ERROR_TOO_LATE);
    EXPECT(pptp_inspector_free(trace.inspector), 0);
}

int main(void)
{
    texts();
    configurations();
    handles();
    mppe();
    mschap();
    inspector();
    if (failures == 0)
        puts("all as expected");
    return failures == 0 ? 0 : 1;
}
