/*
 * Memory runs out at every place where it can: nothing ends, nothing leaks, and once there is memory
 * again the session goes on.
 */
#include <pptp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t live, most, budget;
static unsigned refusals;

static void *allocate(void *context, size_t size, size_t alignment)
{
    if (context != &budget || size == 0 || (alignment & (alignment - 1)) != 0)
        abort();
    if (alignment > _Alignof(max_align_t))
        abort();
    if (live + size > budget) {
        refusals++;
        return NULL;
    }
    void *memory = malloc(size);
    if (memory != NULL) {
        live += size;
        if (live > most)
            most = live;
    }
    return memory;
}

static void release(void *context, void *memory, size_t size, size_t alignment)
{
    if (context != &budget || memory == NULL || alignment == 0 || size > live)
        abort();
    live -= size;
    free(memory);
}

static const pptp_address CLIENT = { 4, 40000, { 192, 0, 2, 1 } };

struct run {
    uint64_t now;
    pptp_client *client;
    pptp_server *server;
    uint64_t connection;
    int is_up[2];
    unsigned out_of_memory;
    /* A question that is not answered yet. */
    int is_asked;
    uint32_t call, ticket;
    uint8_t buffer[PPTP_BUFFER_LENGTH];
};

/* Notes when memory has run out; everything else that fails is a fault of this test. */
static int may_fail(struct run *run, int result)
{
    if (result == PPTP_ERROR_NO_MEMORY) {
        run->out_of_memory++;
        return 0;
    }
    if (result < 0 && result != PPTP_ERROR_NOT_FOUND && result != PPTP_ERROR_REFUSED) {
        char text[80];
        pptp_error_text(result, text, sizeof text);
        fprintf(stderr, "budget %zu: %s\n", budget, text);
        exit(1);
    }
    return result;
}

static void step(struct run *run)
{
    pptp_event event;
    pptp_packet packet, ip;
    uint64_t id;
    while (may_fail(run, pptp_client_poll_event(run->client, &event)) > 0)
        if (event.kind == PPTP_EVENT_KIND_IP_UP)
            run->is_up[0] = 1;
    while (may_fail(run, pptp_client_poll_stream(run->client, run->now, run->buffer,
                                                 sizeof run->buffer, &packet)) > 0) {
        /* TCP gives the bytes until they are taken. */
        int taken = may_fail(run, pptp_server_handle_stream(run->server, run->now, run->connection,
                                                            packet.data, packet.length));
        for (int tries = 0; taken != (int)packet.length && tries < 3; tries++) {
            budget += 1 << 20;
            taken = may_fail(run, pptp_server_handle_stream(run->server, run->now, run->connection,
                                                            packet.data, packet.length));
            budget -= 1 << 20;
        }
    }
    while (may_fail(run, pptp_client_poll_packet(run->client, run->now, run->buffer,
                                                 sizeof run->buffer, &packet)) > 0)
        may_fail(run, pptp_server_handle_packet(run->server, run->now, &CLIENT, packet.data,
                                                packet.length, NULL, 0, &ip));
    while ((id = pptp_server_poll_ready(run->server)) != 0) {
        while (may_fail(run, pptp_server_poll_event(run->server, id, &event)) > 0) {
            if (event.kind == PPTP_EVENT_KIND_IP_UP)
                run->is_up[1] = 1;
            if (event.kind == PPTP_EVENT_KIND_AUTHENTICATE) {
                run->is_asked = 1;
                run->call = event.call;
                run->ticket = event.ticket;
            }
        }
        while (may_fail(run, pptp_server_poll_stream(run->server, run->now, id, run->buffer,
                                                     sizeof run->buffer, &packet)) > 0) {
            int taken = may_fail(run, pptp_client_handle_stream(run->client, run->now, packet.data,
                                                                packet.length));
            if (taken != (int)packet.length) {
                budget += 1 << 20;
                may_fail(run, pptp_client_handle_stream(run->client, run->now, packet.data,
                                                        packet.length));
                budget -= 1 << 20;
            }
        }
        while (may_fail(run, pptp_server_poll_packet(run->server, run->now, id, run->buffer,
                                                     sizeof run->buffer, &packet)) > 0)
            may_fail(run, pptp_client_handle_packet(run->client, run->now, NULL, packet.data,
                                                    packet.length, NULL, 0, &ip));
    }
    if (run->is_asked) {
        static const uint8_t address[4] = { 10, 0, 0, 2 };
        may_fail(run, pptp_server_assign_address(run->server, run->connection, run->call, address));
        int result = pptp_server_answer_password(run->server, run->now, run->connection, run->call,
                                                 run->ticket, "wonderland");
        if (result != PPTP_ERROR_NO_MEMORY)
            run->is_asked = 0;
        if (result != PPTP_ERROR_NOT_ASKED)
            may_fail(run, result);
    }
    run->now += 500;
    may_fail(run, pptp_client_handle_timeout(run->client, run->now));
    may_fail(run, pptp_server_handle_timeout(run->server, run->now));
}

/* One session with so much memory in the middle of it. Returns whether IP came up without more. */
static int run_with(size_t in_the_middle, unsigned *out_of_memory)
{
    struct run *run = calloc(1, sizeof *run);
    static const uint8_t entropy[PPTP_ENTROPY_LENGTH] = { 7 };
    static const uint8_t own[4] = { 10, 0, 0, 1 };
    pptp_config *config = NULL;
    int is_up = 0;
    if (run == NULL)
        exit(1);
    budget = in_the_middle;
    if (may_fail(run, pptp_config_new(PPTP_PRESET_STRICT, &config)) < 0 || config == NULL)
        goto end;
    if (pptp_config_set_password(config, "alice", "wonderland") < 0
        || pptp_config_set_server_address(config, own) < 0
        || pptp_config_set_limits(config, 16, 16, 16) < 0
        || may_fail(run, pptp_client_new(config, entropy, &run->client)) < 0 || run->client == NULL
        || may_fail(run, pptp_server_new(config, &run->server)) < 0 || run->server == NULL
        || pptp_server_accept(run->server, 0, &CLIENT, entropy, &run->connection) < 0)
        goto end;
    /* A call that had no memory may be made again. */
    int result = pptp_client_open(run->client, 0);
    while (result == PPTP_ERROR_NO_MEMORY) {
        run->out_of_memory++;
        budget += 4096;
        result = pptp_client_open(run->client, 0);
    }
    may_fail(run, result);
    for (int i = 0; i < 20 && !(run->is_up[0] && run->is_up[1]); i++)
        step(run);
    is_up = run->is_up[0] && run->is_up[1];
    /* There is memory again: PPP repeats what was not taken. */
    budget = 1 << 24;
    for (int i = 0; i < 60 && !(run->is_up[0] && run->is_up[1]); i++)
        step(run);
    if (!run->is_up[0] || !run->is_up[1]) {
        char text[200] = "";
        pptp_client_event_text(run->client, text, sizeof text);
        fprintf(stderr, "with %zu bytes at first, it does not come up later: %s\n", in_the_middle, text);
        exit(1);
    }
end:
    *out_of_memory += run->out_of_memory;
    pptp_client_free(run->client);
    pptp_server_free(run->server);
    pptp_config_free(config);
    free(run);
    if (live != 0) {
        fprintf(stderr, "%zu bytes are left with a budget of %zu\n", live, in_the_middle);
        exit(1);
    }
    return is_up;
}

int main(void)
{
    static const pptp_allocator allocator = { &budget, allocate, release };
    static const pptp_allocator incomplete = { &budget, allocate, NULL };
    unsigned out_of_memory = 0, up = 0, runs = 0;
    if (pptp_set_allocator(NULL) != PPTP_ERROR_NULL_POINTER
        || pptp_set_allocator(&incomplete) != PPTP_ERROR_NULL_POINTER
        || pptp_set_allocator(&allocator) != 0
        || pptp_set_allocator(&allocator) != PPTP_ERROR_TOO_LATE)
        return 1;
    /* Without limits first: how much is needed. */
    if (!run_with(1 << 24, &out_of_memory) || out_of_memory != 0)
        return 1;
    size_t needed = most;
    for (size_t bytes = 0; bytes <= needed + 1024; bytes += 1021, runs++)
        up += (unsigned)run_with(bytes, &out_of_memory);
    printf("%zu bytes are needed; of %u runs with less %u came up at once, memory ran out %u times, "
           "%u allocations were refused\n",
           needed, runs, up, out_of_memory, refusals);
    /* The last ones had enough, the first ones had not. */
    return up > 0 && up < runs && out_of_memory > 0 && refusals > 0 ? 0 : 1;
}
