/*
 * A client and a server of this library in one process, PPTP and L2TP. Their packets go through
 * memory, every fifth is lost, and time is made. IP packets flow both ways under MPPE with 128 bits.
 *
 *     in_memory [SEEDS]
 */
#include <pptp.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKETS 200
#define PAYLOAD 100
#define IP_LENGTH (20 + PAYLOAD)

enum carrier { PPTP, L2TP };

struct end {
    uint32_t call;
    int is_up;
    int is_over;
    uint8_t address[4];
    uint8_t peer[4];
    unsigned send_bits;
    /* IP packets: how many were given to the network, and which arrived. */
    unsigned on_their_way;
    unsigned arrived;
    uint8_t has[PACKETS];
};

struct world {
    enum carrier carrier;
    unsigned seed;
    uint64_t random;
    uint64_t now;
    int loss; /* per cent */
    pptp_client *client;
    pptp_server *server;
    uint64_t connection;
    struct end ends[2]; /* client, server */
    /* A question that is answered later. */
    int is_asked;
    uint32_t asked_call, ticket;
    uint64_t answer_at;
    uint8_t buffer[PPTP_BUFFER_LENGTH];
    uint8_t scratch[PPTP_BUFFER_LENGTH];
};

static const pptp_address CLIENT = { 4, 40000, { 192, 0, 2, 1 } };
static const pptp_address SERVER = { 4, 1701, { 192, 0, 2, 2 } };

static void die(const struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s, seed %u, at %llu ms: ", world->carrier == PPTP ? "PPTP" : "L2TP",
            world->seed, (unsigned long long)world->now);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void check(const struct world *world, int result, const char *what)
{
    char text[80];
    if (result >= 0)
        return;
    pptp_error_text(result, text, sizeof text);
    die(world, "%s: %s", what, text);
}

/* A generator of Vigna's family; good enough for losses. */
static uint64_t next(struct world *world)
{
    uint64_t z = (world->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void entropy(struct world *world, uint8_t bytes[PPTP_ENTROPY_LENGTH])
{
    for (int i = 0; i < PPTP_ENTROPY_LENGTH; i++)
        bytes[i] = (uint8_t)next(world);
}

static int is_lost(struct world *world)
{
    return (int)(next(world) % 100) < world->loss;
}

/* An IP packet arrives at an end. */
static void take_ip(struct world *world, int to, const pptp_packet *packet)
{
    struct end *end = &world->ends[to];
    const struct end *sender = &world->ends[!to];
    if (packet->length != IP_LENGTH || packet->data[0] != 0x45)
        die(world, "an IP packet of %zu bytes", packet->length);
    if (memcmp(packet->data + 12, sender->address, 4) != 0)
        die(world, "an IP packet with another source");
    unsigned number = packet->data[4] * 256u + packet->data[5];
    for (int i = 20; i < IP_LENGTH; i++)
        if (packet->data[i] != (uint8_t)(number + (unsigned)i))
            die(world, "IP packet %u is damaged", number);
    if (number >= PACKETS || end->has[number])
        die(world, "IP packet %u comes twice", number);
    end->has[number] = 1;
    end->arrived++;
}

/* IP packets that had to wait for earlier ones. */
static void take_waiting(struct world *world, int to)
{
    pptp_packet ip;
    uint8_t buffer[PPTP_BUFFER_LENGTH];
    int result;
    do {
        if (to == 0)
            result = pptp_client_poll_receive(world->client, world->now, buffer, sizeof buffer, &ip);
        else
            result = pptp_server_poll_receive(world->server, world->now, world->connection, buffer,
                                              sizeof buffer, &ip);
        if (result == 1)
            take_ip(world, to, &ip);
    } while (result == 1);
    if (result != PPTP_ERROR_NOT_FOUND)
        check(world, result, "poll_receive");
}

/* A packet of the tunnel goes to the other end, or is lost. Returns 1 if it went. */
static int send_packet(struct world *world, int from, const pptp_packet *packet)
{
    pptp_packet ip;
    uint8_t copy[PPTP_BUFFER_LENGTH];
    int result;
    if (is_lost(world))
        return 0;
    memcpy(copy, packet->data, packet->length);
    do {
        if (from == 0)
            result = pptp_server_handle_packet(world->server, world->now, &CLIENT, copy,
                                               packet->length, world->scratch,
                                               sizeof world->scratch, &ip);
        else
            result = pptp_client_handle_packet(world->client, world->now, &SERVER, copy,
                                               packet->length, world->scratch,
                                               sizeof world->scratch, &ip);
        if (result == 1)
            take_ip(world, !from, &ip);
        take_waiting(world, !from);
    } while (result == PPTP_ERROR_POLL_FIRST);
    /* What a loss has made strange is refused, and sent again by PPP. */
    if (result != PPTP_ERROR_REFUSED && result != PPTP_ERROR_NOT_FOUND)
        check(world, result, "handle_packet");
    return 1;
}

static void note(struct world *world, int which, const pptp_event *event)
{
    struct end *end = &world->ends[which];
    switch (event->kind) {
    case PPTP_EVENT_KIND_ENCRYPTION_UP:
        end->send_bits = event->send_bits;
        break;
    case PPTP_EVENT_KIND_IP_UP:
        end->call = event->call;
        end->is_up = 1;
        memcpy(end->address, event->own_address, 4);
        memcpy(end->peer, event->peer_address, 4);
        break;
    case PPTP_EVENT_KIND_IP_DOWN:
        /* RFC 1661: a peer that has missed the last answer negotiates again. */
        end->is_up = 0;
        break;
    case PPTP_EVENT_KIND_AUTHENTICATE:
        /* The verdict comes later, as that of a RADIUS server. */
        world->is_asked = 1;
        world->asked_call = event->call;
        world->ticket = event->ticket;
        world->answer_at = world->now + 150;
        break;
    default:
        break;
    }
}

static void answer(struct world *world)
{
    static const uint8_t address[4] = { 10, 0, 0, 2 };
    pptp_presented presented;
    uint64_t id = world->connection;
    int result = pptp_server_presented(world->server, id, world->asked_call, &presented);
    check(world, result, "presented");
    if (strcmp(presented.name, "DOMAIN\\alice") != 0 || presented.method != PPTP_AUTH_METHOD_MSCHAP_V2)
        die(world, "presented: %s by %u", presented.name, presented.method);
    result = pptp_server_assign_address(world->server, id, world->asked_call, address);
    check(world, result, "assign_address");
    if (world->seed % 2 == 0) {
        result = pptp_server_answer_password(world->server, world->now, id, world->asked_call,
                                             world->ticket, "wonderland");
    } else {
        /* As a RADIUS server does: verify apart, then hand proof and keys over. */
        uint8_t hash[16];
        pptp_mschap_keys keys;
        check(world, pptp_mschap_nt_hash("wonderland", hash), "nt_hash");
        result = pptp_mschap_v2_verify((const uint8_t *)presented.name, presented.name_length, hash,
                                       presented.challenge, presented.response,
                                       presented.response_length, &keys);
        if (result != 1)
            die(world, "verify: %d", result);
        result = pptp_server_answer_accept(world->server, world->now, id, world->asked_call,
                                           world->ticket,
                                           (const uint8_t *)keys.authenticator_response,
                                           strlen(keys.authenticator_response), keys.send_key,
                                           keys.receive_key);
    }
    if (result != 1)
        die(world, "answer: %d", result);
    world->is_asked = 0;
    /* An old ticket answers nothing. */
    result = pptp_server_answer_password(world->server, world->now, id, world->asked_call,
                                         world->ticket, "wonderland");
    if (result != PPTP_ERROR_NOT_ASKED)
        die(world, "a second answer: %d", result);
}

static void poll_client(struct world *world)
{
    pptp_event event;
    pptp_packet packet;
    int result;
    char text[200];
    while ((result = pptp_client_poll_event(world->client, &event)) > 0) {
        note(world, 0, &event);
        if (pptp_client_event_text(world->client, text, sizeof text) <= 0)
            die(world, "an event without a text");
    }
    check(world, result, "client_poll_event");
    while ((result = pptp_client_poll_packet(world->client, world->now, world->buffer,
                                             sizeof world->buffer, &packet)) > 0)
        send_packet(world, 0, &packet);
    check(world, result, "client_poll_packet");
    take_waiting(world, 0);
    while (world->carrier == PPTP
           && (result = pptp_client_poll_stream(world->client, world->now, world->buffer,
                                                sizeof world->buffer, &packet)) > 0) {
        /* TCP loses nothing, and may cut anywhere. */
        size_t half = packet.length / 2;
        if (pptp_server_handle_stream(world->server, world->now, world->connection, packet.data, half)
                != (int)half
            || pptp_server_handle_stream(world->server, world->now, world->connection,
                                         packet.data + half, packet.length - half)
                   != (int)(packet.length - half))
            die(world, "the server does not take the stream");
    }
    check(world, result, "client_poll_stream");
}

static void poll_server(struct world *world)
{
    pptp_event event;
    pptp_packet packet;
    int result;
    uint64_t id;
    if (world->is_asked && world->now >= world->answer_at)
        answer(world);
    while ((id = pptp_server_poll_ready(world->server)) != 0) {
        world->connection = id;
        while ((result = pptp_server_poll_event(world->server, id, &event)) > 0) {
            if (event.connection != id)
                die(world, "an event of another connection");
            note(world, 1, &event);
        }
        check(world, result, "server_poll_event");
        while ((result = pptp_server_poll_packet(world->server, world->now, id, world->buffer,
                                                 sizeof world->buffer, &packet)) > 0)
            send_packet(world, 1, &packet);
        check(world, result, "server_poll_packet");
        take_waiting(world, 1);
        while (world->carrier == PPTP
               && (result = pptp_server_poll_stream(world->server, world->now, id, world->buffer,
                                                    sizeof world->buffer, &packet)) > 0)
            if (pptp_client_handle_stream(world->client, world->now, packet.data, packet.length)
                != (int)packet.length)
                die(world, "the client does not take the stream");
        check(world, result, "server_poll_stream");
        if (pptp_server_is_over(world->server, id) == 1) {
            world->ends[1].is_over = 1;
            check(world, pptp_server_remove(world->server, world->now, id), "remove");
        }
    }
}

/* Everything that is due now; then time goes on to the next deadline. */
static void step(struct world *world)
{
    poll_client(world);
    poll_server(world);
    poll_client(world);
    uint64_t deadline = pptp_client_poll_timeout(world->client);
    uint64_t other = pptp_server_poll_timeout(world->server);
    if (other < deadline)
        deadline = other;
    if (world->is_asked && world->answer_at < deadline)
        deadline = world->answer_at;
    /* Not in one leap: a packet that waits must not wait for the keepalive. */
    if (deadline > world->now + 100)
        deadline = world->now + 100;
    world->now = deadline > world->now ? deadline : world->now + 1;
    check(world, pptp_client_handle_timeout(world->client, world->now), "client_handle_timeout");
    check(world, pptp_server_handle_timeout(world->server, world->now), "server_handle_timeout");
}

static void send_ip(struct world *world, int from, unsigned number)
{
    struct end *end = &world->ends[from];
    uint8_t data[PPTP_HEADROOM + IP_LENGTH];
    uint8_t *ip = data + PPTP_HEADROOM;
    uint8_t plain[IP_LENGTH];
    pptp_packet packet;
    int result;
    memset(ip, 0, IP_LENGTH);
    ip[0] = 0x45;
    ip[3] = IP_LENGTH;
    ip[4] = (uint8_t)(number >> 8);
    ip[5] = (uint8_t)number;
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, end->address, 4);
    memcpy(ip + 16, end->peer, 4);
    for (int i = 20; i < IP_LENGTH; i++)
        ip[i] = (uint8_t)(number + (unsigned)i);
    memcpy(plain, ip, IP_LENGTH);
    for (int tries = 0;; tries++) {
        if (from == 0)
            result = pptp_client_send_ip(world->client, world->now, data, sizeof data, &packet);
        else
            result = pptp_server_send_ip(world->server, world->now, world->connection, end->call,
                                         data, sizeof data, &packet);
        if (result != PPTP_ERROR_WOULD_BLOCK && result != PPTP_ERROR_NOT_CONNECTED)
            break;
        /* Nothing has changed; acknowledgments make room, or the negotiation ends. */
        if (memcmp(plain, ip, IP_LENGTH) != 0 || tries > 1000)
            die(world, "it cannot be sent");
        step(world);
    }
    check(world, result, "send_ip");
    if (packet.data < data || packet.data + packet.length > data + sizeof data)
        die(world, "a packet outside of the buffer");
    /* It is encrypted: nothing of the payload can be seen. */
    if (memcmp(packet.data + packet.length - PAYLOAD, plain + 20, PAYLOAD) == 0)
        die(world, "a packet in the clear");
    end->on_their_way += (unsigned)send_packet(world, from, &packet);
}

static pptp_config *config(struct world *world, int is_server)
{
    static const uint8_t own[4] = { 10, 0, 0, 1 };
    static const uint8_t names[4] = { 10, 0, 0, 53 };
    pptp_config *config = NULL;
    check(world, pptp_config_new(PPTP_PRESET_STRICT, &config), "config_new");
    check(world, pptp_config_set_host_name(config, is_server ? "lns" : "lac"), "host_name");
    check(world, pptp_config_set_tunnel_secret(config, "s3cr3t"), "tunnel_secret");
    if (is_server) {
        check(world, pptp_config_set_server_address(config, own), "server_address");
        check(world, pptp_config_set_name_servers(config, names, NULL), "name_servers");
    } else {
        check(world, pptp_config_set_password(config, "DOMAIN\\alice", "wonderland"), "password");
    }
    return config;
}

static void run(enum carrier carrier, unsigned seed)
{
    struct world *world = calloc(1, sizeof *world);
    uint8_t random[PPTP_ENTROPY_LENGTH];
    if (world == NULL)
        exit(1);
    world->carrier = carrier;
    world->seed = seed;
    world->random = seed;
    world->loss = 20;
    pptp_config *ours = config(world, 0), *theirs = config(world, 1);
    entropy(world, random);
    if (carrier == PPTP) {
        check(world, pptp_client_new(ours, random, &world->client), "client_new");
        check(world, pptp_server_new(theirs, &world->server), "server_new");
        entropy(world, random);
        check(world, pptp_server_accept(world->server, 0, &CLIENT, random, &world->connection), "accept");
    } else {
        check(world, pptp_client_new_l2tp(ours, &SERVER, random, &world->client), "client_new_l2tp");
        entropy(world, random);
        check(world, pptp_server_new_l2tp(theirs, random, &world->server), "server_new_l2tp");
    }
    /* Both have copied it. */
    pptp_config_free(ours);
    pptp_config_free(theirs);
    check(world, pptp_client_open(world->client, world->now), "open");

    while (!world->ends[0].is_up || !world->ends[1].is_up) {
        step(world);
        if (world->now > 60000)
            die(world, "IP is not up");
    }
    if (world->ends[0].send_bits != 128 || world->ends[1].send_bits != 128)
        die(world, "not encrypted with 128 bits");
    if (world->ends[0].address[3] != 2 || world->ends[1].address[3] != 1)
        die(world, "wrong addresses");
    if (pptp_client_status(world->client) != PPTP_STATUS_CONNECTED || pptp_client_mtu(world->client) < 1300)
        die(world, "status and MTU");

    for (unsigned i = 0; i < PACKETS; i++) {
        send_ip(world, 0, i);
        send_ip(world, 1, i);
        if (i % 8 == 7)
            step(world);
    }
    for (int i = 0; i < 50; i++)
        step(world);
    for (int to = 0; to < 2; to++) {
        /* All that the network has carried, and nothing else. */
        if (world->ends[to].arrived != world->ends[!to].on_their_way)
            die(world, "%u of %u IP packets arrived", world->ends[to].arrived, world->ends[!to].on_their_way);
        if (world->ends[to].arrived < PACKETS / 2 || world->ends[to].arrived == PACKETS)
            die(world, "%u arrived, though every fifth is lost", world->ends[to].arrived);
    }
    pptp_statistics statistics;
    check(world, pptp_client_statistics(world->client, &statistics), "statistics");
    if (statistics.encrypted < PACKETS || statistics.decrypted < world->ends[0].arrived)
        die(world, "statistics");

    if (pptp_client_is_acknowledged(world->client) != 0)
        die(world, "over before its end");
    check(world, pptp_client_close(world->client, world->now), "close");
    for (int i = 0; pptp_client_is_over(world->client) != 1 || !world->ends[1].is_over; i++) {
        step(world);
        if (i > 3000)
            die(world, "it does not end");
        if (pptp_client_is_over(world->client) == 1 && pptp_client_is_acknowledged(world->client) != 1)
            die(world, "over, and not acknowledged");
    }
    printf("%s, seed %u: %u and %u of %d packets, over after %llu ms\n",
           carrier == PPTP ? "PPTP" : "L2TP", seed, world->ends[1].arrived, world->ends[0].arrived,
           PACKETS, (unsigned long long)world->now);
    check(world, pptp_client_free(world->client), "client_free");
    check(world, pptp_server_free(world->server), "server_free");
    free(world);
}

int main(int argc, char **argv)
{
    unsigned seeds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 10;
    for (unsigned seed = 0; seed < seeds; seed++) {
        run(PPTP, seed);
        run(L2TP, seed);
    }
    return 0;
}
