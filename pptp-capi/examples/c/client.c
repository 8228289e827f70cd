/*
 * A PPTP client for Linux in one file: TCP, a raw socket for GRE, a TUN device, and poll(2).
 *
 *     sudo ./client SERVER USER PASSWORD [interop]
 *
 * SERVER is an IPv4 address. With "interop" it takes what old servers offer, also no encryption.
 * It needs root, or CAP_NET_ADMIN and CAP_NET_RAW. The device has the addresses of the tunnel, and
 * no other route leads there: add your own. Ctrl-C hangs up.
 *
 * Exit status: 0 when the user or the server has hung up, 1 for every other end.
 */
#define _GNU_SOURCE
#include <pptp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static pptp_client *client;
static int tcp = -1, gre = -1, tun = -1;
static char device[IFNAMSIZ];
static volatile sig_atomic_t interrupted;

/* Bytes for TCP that the socket has not taken yet. */
static uint8_t unsent[PPTP_BUFFER_LENGTH];
static size_t unsent_start, unsent_length;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static uint64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* Ends the program for a fault of the system. */
static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Ends the program for a fault of its own: the library says which. */
static int check(int result)
{
    char text[80];
    if (result >= 0)
        return result;
    pptp_error_text(result, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    exit(1);
}

static void set_nonblocking(int fd)
{
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        die("fcntl");
}

/* Sets one thing of the device: SIOCSIFADDR and others want an address in the same place. */
static void set_address(int fd, unsigned long request, const uint8_t address[4])
{
    struct ifreq wish = { 0 };
    struct sockaddr_in in = { .sin_family = AF_INET };
    memcpy(wish.ifr_name, device, IFNAMSIZ);
    memcpy(&in.sin_addr, address, 4);
    memcpy(&wish.ifr_addr, &in, sizeof in);
    if (ioctl(fd, request, &wish) < 0)
        die(device);
}

/* Makes the device, with the addresses of the tunnel. A session may agree on others later. */
static void bring_up(const pptp_event *event)
{
    static const uint8_t all[4] = { 255, 255, 255, 255 };
    struct ifreq wish = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        die("socket");
    if (tun < 0) {
        tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
        if (tun < 0 || ioctl(tun, TUNSETIFF, &wish) < 0)
            die("/dev/net/tun");
        memcpy(device, wish.ifr_name, IFNAMSIZ);
    }
    set_address(fd, SIOCSIFADDR, event->own_address);
    set_address(fd, SIOCSIFDSTADDR, event->peer_address);
    set_address(fd, SIOCSIFNETMASK, all);
    memset(&wish, 0, sizeof wish);
    memcpy(wish.ifr_name, device, IFNAMSIZ);
    wish.ifr_mtu = check(pptp_client_mtu(client));
    if (ioctl(fd, SIOCSIFMTU, &wish) < 0)
        die("MTU");
    wish.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT;
    if (ioctl(fd, SIOCSIFFLAGS, &wish) < 0)
        die("flags");
    close(fd);
    const uint8_t *own = event->own_address, *peer = event->peer_address;
    printf("%s: %u.%u.%u.%u, peer %u.%u.%u.%u\n", device, own[0], own[1], own[2], own[3], peer[0],
           peer[1], peer[2], peer[3]);
}

/* Returns the exit status when the session is over, and -1 before. */
static int handle_events(void)
{
    pptp_event event;
    char text[256];
    int status = -1;
    while (check(pptp_client_poll_event(client, &event))) {
        check(pptp_client_event_text(client, text, sizeof text));
        printf("%s\n", text);
        switch (event.kind) {
        case PPTP_EVENT_KIND_IP_UP:
            bring_up(&event);
            break;
        case PPTP_EVENT_KIND_PROVE:
            /* There is nobody to ask for another password. */
            check(pptp_client_decline(client, now_ms(), event.ticket));
            break;
        case PPTP_EVENT_KIND_CLOSED:
            if (event.number != 0) {
                check(pptp_client_event_advice(client, text, sizeof text));
                printf("error %u: %s\n", event.number, text);
            }
            status = event.number != 0;
            break;
        default:
            break;
        }
    }
    fflush(stdout);
    return status;
}

static void write_tun(const pptp_packet *packet)
{
    /* A full device drops, as every router does, and it refuses what is not IP. */
    if (tun >= 0 && write(tun, packet->data, packet->length) < 0 && errno != EAGAIN && errno != EIO
        && errno != EINVAL && errno != ENOBUFS && errno != ENOMEM)
        die("write to the device");
}

static void send_gre(const pptp_packet *packet)
{
    /* A full queue, or a host that cannot be reached now: a loss, which the peer copes with. */
    if (send(gre, packet->data, packet->length, 0) < 0 && errno == EPERM)
        fprintf(stderr, "the firewall of this host does not let GRE out\n");
}

/* TCP takes as much as it has room for; the rest waits, and nothing more is polled meanwhile. */
static void send_stream(void)
{
    pptp_packet packet;
    for (;;) {
        while (unsent_length > 0) {
            ssize_t sent = send(tcp, unsent + unsent_start, unsent_length, MSG_NOSIGNAL);
            if (sent < 0)
                return; /* Full; or broken, which reading finds out. */
            unsent_start += (size_t)sent;
            unsent_length -= (size_t)sent;
        }
        if (!check(pptp_client_poll_stream(client, now_ms(), unsent, sizeof unsent, &packet)))
            return;
        unsent_start = (size_t)(packet.data - unsent);
        unsent_length = packet.length;
    }
}

static void receive_waiting(void)
{
    uint8_t buffer[PPTP_BUFFER_LENGTH];
    pptp_packet packet;
    while (check(pptp_client_poll_receive(client, now_ms(), buffer, sizeof buffer, &packet)))
        write_tun(&packet);
}

/* Everything that the library has to give. Returns the exit status when the session is over. */
static int poll_all(void)
{
    uint8_t buffer[PPTP_BUFFER_LENGTH];
    pptp_packet packet;
    receive_waiting();
    int status = handle_events();
    while (check(pptp_client_poll_packet(client, now_ms(), buffer, sizeof buffer, &packet)))
        send_gre(&packet);
    send_stream();
    return status;
}

static void read_stream(void)
{
    uint8_t buffer[252]; /* As much as is taken in any case. */
    ssize_t length = recv(tcp, buffer, sizeof buffer, 0);
    if (length > 0)
        check(pptp_client_handle_stream(client, now_ms(), buffer, (size_t)length));
    else if (length == 0 || (errno != EAGAIN && errno != EINTR))
        check(pptp_client_handle_disconnect(client, now_ms()));
}

static void read_gre(void)
{
    uint8_t buffer[65536];
    pptp_packet packet;
    for (int i = 0; i < 64; i++) {
        ssize_t length = recv(gre, buffer, sizeof buffer, 0);
        if (length < 20)
            return;
        /* A raw socket gives the IP header, too. */
        size_t header = (size_t)(buffer[0] & 15) * 4;
        if (header < 20 || header > (size_t)length)
            continue;
        int result = pptp_client_handle_packet(client, now_ms(), NULL, buffer + header,
                                               (size_t)length - header, NULL, 0, &packet);
        if (result == 1)
            write_tun(&packet);
        /* Those of other programs come as well, and old ones: they are refused. */
        receive_waiting();
    }
}

static void read_tun(void)
{
    uint8_t buffer[PPTP_HEADROOM + 1500];
    pptp_packet packet;
    for (int i = 0; i < 64; i++) {
        ssize_t length = read(tun, buffer + PPTP_HEADROOM, sizeof buffer - PPTP_HEADROOM);
        if (length < 0 && errno != EAGAIN && errno != EINTR)
            die("read from the device");
        if (length <= 0)
            return;
        int result = pptp_client_send_ip(client, now_ms(), buffer, PPTP_HEADROOM + (size_t)length,
                                         &packet);
        /* Not IP, too long, or the window is full: it is dropped, and IP copes with that. */
        if (result == 0)
            send_gre(&packet);
    }
}

static void connect_to(const char *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(1723) };
    if (inet_pton(AF_INET, server, &address.sin_addr) != 1) {
        fprintf(stderr, "%s is not an IPv4 address\n", server);
        exit(1);
    }
    tcp = socket(AF_INET, SOCK_STREAM, 0);
    if (tcp < 0 || connect(tcp, (struct sockaddr *)&address, sizeof address) < 0)
        die("TCP port 1723");
    /* Connected, so that packets of other hosts do not come. */
    gre = socket(AF_INET, SOCK_RAW, IPPROTO_GRE);
    address.sin_port = 0;
    if (gre < 0 || connect(gre, (struct sockaddr *)&address, sizeof address) < 0)
        die("raw socket");
    set_nonblocking(tcp);
    set_nonblocking(gre);
}

static void make_client(const char *user, const char *password, int preset)
{
    uint8_t entropy[PPTP_ENTROPY_LENGTH];
    pptp_config *config;
    if (getrandom(entropy, sizeof entropy, 0) != sizeof entropy)
        die("getrandom");
    check(pptp_config_new((uint32_t)preset, &config));
    check(pptp_config_set_password(config, user, password));
    check(pptp_client_new(config, entropy, &client));
    check(pptp_config_free(config));
}

/* Waits for the sockets, the device, or the deadline. */
static void wait_and_read(void)
{
    struct pollfd fds[3] = { { .fd = tcp }, { gre, POLLIN, 0 }, { tun, POLLIN, 0 } };
    if (check(pptp_client_wants_read(client)))
        fds[0].events |= POLLIN;
    if (unsent_length > 0)
        fds[0].events |= POLLOUT;
    uint64_t deadline = pptp_client_poll_timeout(client), now = now_ms();
    uint64_t wait = deadline > now ? deadline - now : 0;
    struct timespec timeout = { (time_t)(wait / 1000), (long)(wait % 1000) * 1000000 };
    /* Signals come here alone, so that none is missed. */
    sigset_t none;
    sigemptyset(&none);
    if (ppoll(fds, 3, deadline == PPTP_NO_DEADLINE ? NULL : &timeout, &none) < 0) {
        if (errno != EINTR)
            die("poll");
        return;
    }
    if (fds[1].revents)
        read_gre();
    if (fds[2].revents)
        read_tun();
    if (fds[0].revents & POLLIN)
        read_stream();
    else if (fds[0].revents & (POLLHUP | POLLERR))
        check(pptp_client_handle_disconnect(client, now_ms()));
    check(pptp_client_handle_timeout(client, now_ms()));
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5 || (argc == 5 && strcmp(argv[4], "interop") != 0)) {
        fprintf(stderr, "usage: %s SERVER USER PASSWORD [interop]\n", argv[0]);
        return 1;
    }
    struct sigaction action = { .sa_handler = interrupt };
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    make_client(argv[2], argv[3], argc == 5 ? PPTP_PRESET_INTEROP : PPTP_PRESET_STRICT);
    connect_to(argv[1]);
    /* Until here a signal ends the program at once. */
    sigprocmask(SIG_BLOCK, &signals, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    int status;
    check(pptp_client_open(client, now_ms()));
    while ((status = poll_all()) < 0) {
        if (interrupted) {
            interrupted = 0;
            check(pptp_client_close(client, now_ms()));
            continue;
        }
        wait_and_read();
    }
    check(pptp_client_free(client));
    if (tun >= 0)
        close(tun);
    close(gre);
    close(tcp);
    return status;
}
