/* Calls that must fail do, with the right errno, and never end the process. A line each; exits 0 if all were right. */

#define _GNU_SOURCE
#define ZMQ_BUILD_DRAFT_API
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zincmq.h>
#include <zmq.h>

static int checked, wrong;

static void tell (int line, const char *call, int right, int got)
{
    checked++;
    wrong += !right;
    printf ("%s %d: %s", right ? "right" : "WRONG", line, call);
    if (!right)
        printf (" (errno is %d, %s)", got, zmq_strerror (got));
    printf ("\n");
    fflush (stdout);
}

/* The call returns this, and errno is that. */
#define GIVES(result, error, call)                                                                                   \
    do {                                                                                                             \
        int right;                                                                                                   \
        errno = 0;                                                                                                   \
        right = (call) == (result) && errno == (error);                                                              \
        tell (__LINE__, #call " is " #error, right, errno);                                                          \
    } while (0)

#define FAILS(error, call) GIVES (-1, error, call)
#define IS_NULL(error, call) GIVES (NULL, error, call)

/* What the checks themselves rest on. */
#define WORKS(call) tell (__LINE__, #call, (call) >= 0, errno)
#define HOLDS(condition) tell (__LINE__, #condition, (condition) != 0, errno)

/* Memory that is no object of the library. */
static uint64_t garbage[512];

static void *context;

static void *socket_of (int type)
{
    void *socket = zmq_socket (context, type);
    int linger = 0;
    HOLDS (socket);
    WORKS (zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger));
    return socket;
}

static void contexts (void)
{
    void *few = zmq_ctx_new (), *lazy = zmq_ctx_new (), *pair = socket_of (ZMQ_PAIR), *one;

    FAILS (EFAULT, zmq_ctx_term (NULL));
    FAILS (EFAULT, zmq_ctx_shutdown (NULL));
    FAILS (EFAULT, zmq_ctx_set (NULL, ZMQ_IO_THREADS, 1));
    FAILS (EFAULT, zmq_ctx_get (NULL, ZMQ_IO_THREADS));
    IS_NULL (EFAULT, zmq_socket (NULL, ZMQ_PAIR));
    FAILS (EFAULT, zmq_ctx_term (garbage));
    FAILS (EFAULT, zmq_ctx_set (garbage, ZMQ_IO_THREADS, 1));
    IS_NULL (EFAULT, zmq_socket (garbage, ZMQ_PAIR));
    FAILS (EFAULT, zmq_ctx_term (pair));
    FAILS (EFAULT, zmq_ctx_shutdown (pair));
    IS_NULL (EFAULT, zmq_socket (pair, ZMQ_PAIR));

    FAILS (EINVAL, zmq_ctx_set (context, 999, 1));
    FAILS (EINVAL, zmq_ctx_get (context, 999));
    FAILS (EINVAL, zmq_ctx_set (context, ZMQ_IO_THREADS, -1));
    FAILS (EINVAL, zmq_ctx_set (context, ZMQ_MAX_SOCKETS, 0));
    FAILS (EINVAL, zmq_ctx_set (context, ZMQ_IPV6, -1));
    FAILS (EINVAL, zmq_ctx_set (context, ZMQ_BLOCKY, -1));
    FAILS (EINVAL, zmq_ctx_set (context, ZMQ_MAX_MSGSZ, -1));
    FAILS (EINVAL, zmq_ctx_set (context, ZMQ_MSG_T_SIZE, 64));
    FAILS (EINVAL, zmq_ctx_set (context, ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0));
    IS_NULL (EINVAL, zmq_init (-1));

    IS_NULL (EINVAL, zmq_socket (context, -1));
    IS_NULL (EINVAL, zmq_socket (context, 12345));
    WORKS (zmq_ctx_set (few, ZMQ_MAX_SOCKETS, 1));
    HOLDS ((one = zmq_socket (few, ZMQ_PAIR)) != NULL);
    IS_NULL (EMFILE, zmq_socket (few, ZMQ_PAIR));
    WORKS (zmq_close (one));
    WORKS (zmq_ctx_term (few));

    WORKS (zmq_ctx_set (lazy, ZMQ_IO_THREADS, 0));
    HOLDS ((one = zmq_socket (lazy, ZMQ_PAIR)) != NULL);
    FAILS (EMTHREAD, zmq_bind (one, "tcp://127.0.0.1:*"));
    FAILS (EMTHREAD, zmq_connect (one, "tcp://127.0.0.1:5555"));
    WORKS (zmq_close (one));
    WORKS (zmq_ctx_term (lazy));
    WORKS (zmq_close (pair));
}

static void no_sockets (void)
{
    void *closed = socket_of (ZMQ_PAIR), *null = NULL;
    void *none[5];
    size_t i;

    WORKS (zmq_close (closed));
    none[0] = NULL;
    none[1] = garbage;
    none[2] = &null;
    none[3] = context;
    none[4] = closed;
    for (i = 0; i < sizeof none / sizeof *none; i++) {
        void *socket = none[i];
        char buffer[8];
        int number = 0;
        size_t size = sizeof number, parts = 1;
        struct iovec vector = {buffer, sizeof buffer};
        zmq_msg_t msg;
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};

        WORKS (zmq_msg_init (&msg));
        FAILS (ENOTSOCK, zmq_close (socket));
        FAILS (ENOTSOCK, zmq_bind (socket, "inproc://a"));
        FAILS (ENOTSOCK, zmq_connect (socket, "inproc://a"));
        FAILS (ENOTSOCK, zmq_unbind (socket, "inproc://a"));
        FAILS (ENOTSOCK, zmq_disconnect (socket, "inproc://a"));
        FAILS (ENOTSOCK, zmq_setsockopt (socket, ZMQ_LINGER, &number, sizeof number));
        FAILS (ENOTSOCK, zmq_getsockopt (socket, ZMQ_LINGER, &number, &size));
        FAILS (ENOTSOCK, zmq_send (socket, buffer, 1, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_send_const (socket, buffer, 1, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_recv (socket, buffer, 1, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_msg_send (&msg, socket, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_msg_recv (&msg, socket, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_sendmsg (socket, &msg, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_recvmsg (socket, &msg, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_sendiov (socket, &vector, 1, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_recviov (socket, &vector, &parts, ZMQ_DONTWAIT));
        FAILS (ENOTSOCK, zmq_socket_monitor (socket, "inproc://m", ZMQ_EVENT_ALL));
        FAILS (ENOTSOCK, zmq_socket_monitor_versioned (socket, "inproc://m", ZMQ_EVENT_ALL, 2, ZMQ_PAIR));
        FAILS (ENOTSOCK, zmq_socket_monitor_pipes_stats (socket));
        FAILS (ENOTSOCK, zmq_socket_get_peer_state (socket, "a", 1));
        FAILS (ENOTSOCK, zmq_join (socket, "a"));
        FAILS (ENOTSOCK, zmq_leave (socket, "a"));
        GIVES (0, ENOTSOCK, zmq_connect_peer (socket, "inproc://a"));
        if (socket)
            FAILS (ENOTSOCK, zmq_poll (&item, 1, 0));
        WORKS (zmq_msg_close (&msg));
    }
}

static void endpoints (void)
{
    void *pull = socket_of (ZMQ_PULL), *other = socket_of (ZMQ_PULL);
    char endpoint[256], long_path[256] = "ipc:///tmp/";
    size_t size = sizeof endpoint;

    FAILS (EINVAL, zmq_bind (pull, ""));
    FAILS (EINVAL, zmq_bind (pull, "tcp"));
    FAILS (EINVAL, zmq_bind (pull, "tcp://"));
    FAILS (EINVAL, zmq_bind (pull, "://127.0.0.1:5555"));
    FAILS (EINVAL, zmq_bind (pull, "ipc://@"));
    FAILS (EINVAL, zmq_bind (pull, "tcp://127.0.0.1:port"));
    FAILS (EINVAL, zmq_connect (pull, "tcp"));
    FAILS (EINVAL, zmq_connect (pull, "tcp://"));
    FAILS (EINVAL, zmq_connect (pull, "tcp://127.0.0.1"));
    FAILS (EINVAL, zmq_connect (pull, "tcp://127.0.0.1:"));
    FAILS (EINVAL, zmq_connect (pull, "tcp://127.0.0.1:port"));
    FAILS (EPROTONOSUPPORT, zmq_bind (pull, "pigeon://loft"));
    FAILS (EPROTONOSUPPORT, zmq_connect (pull, "pigeon://loft"));
    FAILS (ENODEV, zmq_bind (pull, "tcp://no-such-interface:5555"));
    FAILS (EADDRNOTAVAIL, zmq_bind (pull, "tcp://192.0.2.1:5555"));
    memset (long_path + strlen (long_path), 'a', 200);
    FAILS (ENAMETOOLONG, zmq_bind (pull, long_path));

    WORKS (zmq_bind (pull, "inproc://taken"));
    FAILS (EADDRINUSE, zmq_bind (other, "inproc://taken"));
    WORKS (zmq_bind (pull, "tcp://127.0.0.1:*"));
    WORKS (zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, endpoint, &size));
    FAILS (EADDRINUSE, zmq_bind (other, endpoint));

    FAILS (EINVAL, zmq_unbind (pull, NULL));
    FAILS (EINVAL, zmq_disconnect (pull, NULL));
    FAILS (ENOENT, zmq_unbind (pull, "tcp://127.0.0.1:1"));
    FAILS (ENOENT, zmq_unbind (pull, "inproc://other"));
    FAILS (ENOENT, zmq_disconnect (pull, "tcp://127.0.0.1:1"));
    FAILS (ENOENT, zmq_disconnect (pull, "inproc://other"));
    WORKS (zmq_unbind (pull, endpoint));
    FAILS (ENOENT, zmq_unbind (pull, endpoint));
    WORKS (zmq_close (pull));
    WORKS (zmq_close (other));
}

/* Options that no socket of this type can be set to. */
static void refused (int type, int option, int value)
{
    void *socket = socket_of (type);
    printf ("%d on type %d:\n", option, type);
    FAILS (EINVAL, zmq_setsockopt (socket, option, &value, sizeof value));
    WORKS (zmq_close (socket));
}

static void options (void)
{
    static const int values[][2] = {
        {ZMQ_SNDHWM, -1},         {ZMQ_RCVHWM, -1},         {ZMQ_LINGER, -2},        {ZMQ_RCVTIMEO, -2},
        {ZMQ_SNDTIMEO, -2},       {ZMQ_RECONNECT_IVL, -2},  {ZMQ_BACKLOG, -1},       {ZMQ_RECONNECT_IVL_MAX, -1},
        {ZMQ_IPV6, 2},            {ZMQ_IMMEDIATE, 2},       {ZMQ_CONFLATE, 2},       {ZMQ_TCP_KEEPALIVE, 2},
        {ZMQ_TOS, -1},            {ZMQ_HANDSHAKE_IVL, -1},  {ZMQ_HEARTBEAT_IVL, -1}, {ZMQ_HEARTBEAT_TTL, 6553600},
        {ZMQ_CONNECT_TIMEOUT, -1}, {ZMQ_TCP_MAXRT, -1},     {ZMQ_MULTICAST_HOPS, 0}, {ZMQ_USE_FD, -2},
        {ZMQ_RATE, 0},            {ZMQ_SNDBUF, -2},         {ZMQ_RCVBUF, -2},
        /* To be read only, or none at all. */
        {ZMQ_TYPE, 0},            {ZMQ_FD, 0},              {ZMQ_EVENTS, 0},         {ZMQ_RCVMORE, 0},
        {ZMQ_LAST_ENDPOINT, 0},   {ZMQ_MECHANISM, 0},       {ZMQ_THREAD_SAFE, 0},    {999, 0}};
    static const int foreign[][2] = {
        {ZMQ_PUSH, ZMQ_SUBSCRIBE},   {ZMQ_PUSH, ZMQ_XPUB_VERBOSE},  {ZMQ_DEALER, ZMQ_ROUTER_MANDATORY},
        {ZMQ_REP, ZMQ_REQ_RELAXED},  {ZMQ_PULL, ZMQ_PROBE_ROUTER},  {ZMQ_PULL, ZMQ_STREAM_NOTIFY},
        {ZMQ_SUB, ZMQ_XPUB_MANUAL},  {ZMQ_DEALER, ZMQ_REQ_CORRELATE}, {ZMQ_PAIR, ZMQ_ROUTER_HANDOVER}};
    static const int unreadable[] = {ZMQ_SUBSCRIBE, ZMQ_UNSUBSCRIBE, ZMQ_XPUB_VERBOSE, ZMQ_ROUTER_MANDATORY, 999};
    void *pull = socket_of (ZMQ_PULL), *sub = socket_of (ZMQ_SUB);
    char buffer[300];
    int64_t wide = 0;
    size_t i, size;

    for (i = 0; i < sizeof values / sizeof *values; i++)
        refused (ZMQ_PULL, values[i][0], values[i][1]);
    for (i = 0; i < sizeof foreign / sizeof *foreign; i++)
        refused (foreign[i][0], foreign[i][1], 1);
    for (i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        size = sizeof (int);
        FAILS (EINVAL, zmq_getsockopt (pull, unreadable[i], buffer, &size));
    }

    memset (buffer, 'a', sizeof buffer);
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_LINGER, &wide, 1));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_LINGER, &wide, 8));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_LINGER, NULL, 0));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_AFFINITY, &wide, 4));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_MAXMSGSIZE, &wide, 4));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_ROUTING_ID, buffer, 0));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_ROUTING_ID, buffer, 256));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_PLAIN_USERNAME, buffer, 256));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_SOCKS_PROXY, "", 0));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_TCP_ACCEPT_FILTER, "256.0.0.0/8", 11));
    FAILS (EINVAL, zmq_setsockopt (pull, ZMQ_TCP_ACCEPT_FILTER, "127.0.0.1/33", 12));
    FAILS (EINVAL, zmq_setsockopt (sub, ZMQ_SUBSCRIBE, NULL, 4));
    FAILS (EINVAL, zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "a", SIZE_MAX));

    size = 1;
    FAILS (EINVAL, zmq_getsockopt (pull, ZMQ_LINGER, buffer, &size));
    size = 1;
    FAILS (EINVAL, zmq_getsockopt (pull, ZMQ_TYPE, buffer, &size));
    size = 4;
    FAILS (EINVAL, zmq_getsockopt (pull, ZMQ_AFFINITY, buffer, &size));
    WORKS (zmq_bind (pull, "inproc://a-name"));
    size = 3;
    FAILS (EINVAL, zmq_getsockopt (pull, ZMQ_LAST_ENDPOINT, buffer, &size));
    WORKS (zmq_close (pull));
    WORKS (zmq_close (sub));
}

static void messages (void)
{
    zmq_msg_t msg, none;
    void *pair = socket_of (ZMQ_PAIR);

    memset (&none, 0, sizeof none);

    FAILS (ENOMEM, zmq_msg_init_size (&msg, SIZE_MAX));
    FAILS (ENOMEM, zmq_msg_init_size (&msg, SIZE_MAX / 2));
    FAILS (ENOMEM, zmq_msg_init_buffer (&msg, "a", SIZE_MAX));
    FAILS (ENOMEM, zmq_send (pair, "a", SIZE_MAX, ZMQ_DONTWAIT));
    FAILS (EFAULT, zmq_msg_close (&none));
    FAILS (EFAULT, zmq_msg_recv (&none, pair, ZMQ_DONTWAIT));

    WORKS (zmq_msg_init (&msg));
    FAILS (EFAULT, zmq_msg_copy (&msg, &none));
    FAILS (EFAULT, zmq_msg_move (&msg, &none));
    FAILS (EINVAL, zmq_msg_get (&msg, 999));
    FAILS (EINVAL, zmq_msg_set (&msg, ZMQ_MORE, 1));
    FAILS (EINVAL, zmq_msg_set (&msg, 999, 1));
    IS_NULL (EINVAL, zmq_msg_gets (&msg, "Peer-Address"));
    IS_NULL (EINVAL, zmq_msg_gets (&msg, ""));
    FAILS (EINVAL, zmq_msg_set_routing_id (&msg, 0));
    WORKS (zmq_msg_close (&msg));
    FAILS (EFAULT, zmq_msg_close (&msg));
    WORKS (zmq_close (pair));
}

static void directions_and_states (void)
{
    void *push = socket_of (ZMQ_PUSH), *pull = socket_of (ZMQ_PULL), *pub = socket_of (ZMQ_PUB);
    void *sub = socket_of (ZMQ_SUB), *req = socket_of (ZMQ_REQ), *rep = socket_of (ZMQ_REP);
    void *router = socket_of (ZMQ_ROUTER), *stream = socket_of (ZMQ_STREAM), *pair = socket_of (ZMQ_PAIR);
    char buffer[8];
    struct iovec vector = {buffer, sizeof buffer};
    size_t parts = 0;
    int yes = 1, soon = 1;

    FAILS (ENOTSUP, zmq_send (pull, "a", 1, 0));
    FAILS (ENOTSUP, zmq_send (sub, "a", 1, 0));
    FAILS (ENOTSUP, zmq_recv (push, buffer, 1, 0));
    FAILS (ENOTSUP, zmq_recv (pub, buffer, 1, 0));
    FAILS (ENOTSUP, zmq_join (sub, "a"));
    FAILS (ENOTSUP, zmq_leave (sub, "a"));
    FAILS (ENOTSUP, zmq_socket_get_peer_state (pull, "a", 1));
    GIVES (0, ENOTSUP, zmq_connect_peer (pull, "inproc://a"));

    FAILS (EAGAIN, zmq_send (push, "a", 1, ZMQ_DONTWAIT));
    FAILS (EAGAIN, zmq_send (pair, "a", 1, ZMQ_DONTWAIT));
    FAILS (EAGAIN, zmq_send (req, "a", 1, ZMQ_DONTWAIT));
    FAILS (EAGAIN, zmq_recv (pull, buffer, 1, ZMQ_DONTWAIT));
    WORKS (zmq_setsockopt (push, ZMQ_SNDTIMEO, &soon, sizeof soon));
    WORKS (zmq_setsockopt (pull, ZMQ_RCVTIMEO, &soon, sizeof soon));
    FAILS (EAGAIN, zmq_send (push, "a", 1, 0));
    FAILS (EAGAIN, zmq_recv (pull, buffer, 1, 0));

    WORKS (zmq_setsockopt (router, ZMQ_ROUTER_MANDATORY, &yes, sizeof yes));
    FAILS (EHOSTUNREACH, zmq_send (router, "who", 3, ZMQ_SNDMORE));
    FAILS (EHOSTUNREACH, zmq_socket_get_peer_state (router, "who", 3));
    FAILS (EHOSTUNREACH, zmq_send (stream, "who", 3, ZMQ_SNDMORE));

    WORKS (zmq_bind (rep, "inproc://rep"));
    WORKS (zmq_connect (req, "inproc://rep"));
    FAILS (EFSM, zmq_recv (req, buffer, 1, ZMQ_DONTWAIT));
    FAILS (EFSM, zmq_send (rep, "a", 1, ZMQ_DONTWAIT));
    WORKS (zmq_send (req, "a", 1, 0));
    FAILS (EFSM, zmq_send (req, "a", 1, 0));
    WORKS (zmq_recv (rep, buffer, 1, 0));
    FAILS (EFSM, zmq_recv (rep, buffer, 1, 0));

    FAILS (EINVAL, zmq_sendiov (pair, &vector, 0, 0));
    FAILS (EINVAL, zmq_sendiov (pair, NULL, 1, 0));
    FAILS (EINVAL, zmq_recviov (pair, &vector, &parts, 0));

    FAILS (EPROTONOSUPPORT, zmq_socket_monitor (pair, "tcp://127.0.0.1:5555", ZMQ_EVENT_ALL));
    FAILS (EINVAL, zmq_socket_monitor (pair, "inproc", ZMQ_EVENT_ALL));
    FAILS (EINVAL, zmq_socket_monitor_versioned (pair, "inproc://m", ZMQ_EVENT_ALL, 2, ZMQ_ROUTER));
    FAILS (EINVAL, zmq_socket_monitor_versioned (pair, "inproc://m", ZMQ_EVENT_ALL_V2, 1, ZMQ_PAIR));
    FAILS (EINVAL, zmq_socket_monitor_pipes_stats (pair));

    WORKS (zmq_close (push));
    WORKS (zmq_close (pull));
    WORKS (zmq_close (pub));
    WORKS (zmq_close (sub));
    WORKS (zmq_close (req));
    WORKS (zmq_close (rep));
    WORKS (zmq_close (router));
    WORKS (zmq_close (stream));
    WORKS (zmq_close (pair));
}

static void polling (void)
{
    void *pull = socket_of (ZMQ_PULL), *poller = zmq_poller_new (), *null = NULL, *none[2];
    zmq_pollitem_t item = {pull, 0, ZMQ_POLLIN, 0};
    zmq_poller_event_t event;
    zmq_fd_t fd;
    size_t i;

    FAILS (EINVAL, zmq_ppoll (&item, -1, 0, NULL));

    none[0] = NULL;
    none[1] = &null;
    for (i = 0; i < 2; i++) {
        void *no_poller = none[i];
        FAILS (EFAULT, zmq_poller_size (no_poller));
        FAILS (EFAULT, zmq_poller_add (no_poller, pull, NULL, ZMQ_POLLIN));
        FAILS (EFAULT, zmq_poller_modify (no_poller, pull, ZMQ_POLLIN));
        FAILS (EFAULT, zmq_poller_remove (no_poller, pull));
        FAILS (EFAULT, zmq_poller_add_fd (no_poller, 0, NULL, ZMQ_POLLIN));
        FAILS (EFAULT, zmq_poller_modify_fd (no_poller, 0, ZMQ_POLLIN));
        FAILS (EFAULT, zmq_poller_remove_fd (no_poller, 0));
        FAILS (EFAULT, zmq_poller_wait (no_poller, &event, 0));
        FAILS (EFAULT, zmq_poller_wait_all (no_poller, &event, 1, 0));
        FAILS (EFAULT, zmq_poller_fd (no_poller, &fd));
    }
    FAILS (EFAULT, zmq_poller_destroy (&null));
    FAILS (EFAULT, zmq_poller_destroy (NULL));

    FAILS (ENOTSOCK, zmq_poller_add (poller, NULL, NULL, ZMQ_POLLIN));
    FAILS (ENOTSOCK, zmq_poller_add (poller, &null, NULL, ZMQ_POLLIN));
    FAILS (ENOTSOCK, zmq_poller_modify (poller, NULL, ZMQ_POLLIN));
    FAILS (ENOTSOCK, zmq_poller_remove (poller, NULL));
    FAILS (EBADF, zmq_poller_add_fd (poller, -1, NULL, ZMQ_POLLIN));
    FAILS (EBADF, zmq_poller_modify_fd (poller, -1, ZMQ_POLLIN));
    FAILS (EBADF, zmq_poller_remove_fd (poller, -1));
    FAILS (EINVAL, zmq_poller_modify (poller, pull, ZMQ_POLLIN));
    FAILS (EINVAL, zmq_poller_remove (poller, pull));
    FAILS (EINVAL, zmq_poller_modify_fd (poller, 0, ZMQ_POLLIN));
    FAILS (EINVAL, zmq_poller_remove_fd (poller, 0));
    FAILS (EINVAL, zmq_poller_add (poller, pull, NULL, 0x40));
    FAILS (EFAULT, zmq_poller_wait (poller, &event, -1));
    WORKS (zmq_poller_add (poller, pull, NULL, ZMQ_POLLIN));
    FAILS (EINVAL, zmq_poller_add (poller, pull, NULL, ZMQ_POLLIN));
    FAILS (EINVAL, zmq_poller_modify (poller, pull, 0x40));
    FAILS (EFAULT, zmq_poller_wait (poller, NULL, 0));
    FAILS (EINVAL, zmq_poller_wait_all (poller, &event, -1, 0));
    FAILS (EAGAIN, zmq_poller_wait (poller, &event, 0));
    FAILS (EINVAL, zmq_poller_fd (poller, &fd));
    WORKS (zmq_poller_destroy (&poller));
    HOLDS (poller == NULL);
    FAILS (EFAULT, zmq_poller_destroy (&poller));

    FAILS (EFAULT, zmq_proxy (NULL, NULL, NULL));
    FAILS (EFAULT, zmq_proxy (pull, NULL, NULL));
    FAILS (EFAULT, zmq_proxy_steerable (NULL, pull, NULL, NULL));
    WORKS (zmq_close (pull));
}

static void ignore_timer (int timer, void *arg)
{
    (void) timer;
    (void) arg;
}

static void timers_and_keys (void)
{
    void *timers = zmq_timers_new (), *null = NULL, *none[2];
    char text[64];
    uint8_t bytes[64];
    size_t i;

    none[0] = NULL;
    none[1] = &null;
    for (i = 0; i < 2; i++) {
        FAILS (EFAULT, zmq_timers_add (none[i], 1, ignore_timer, NULL));
        FAILS (EFAULT, zmq_timers_cancel (none[i], 1));
        FAILS (EFAULT, zmq_timers_set_interval (none[i], 1, 1));
        FAILS (EFAULT, zmq_timers_reset (none[i], 1));
        FAILS (EFAULT, zmq_timers_timeout (none[i]));
        FAILS (EFAULT, zmq_timers_execute (none[i]));
    }
    FAILS (EFAULT, zmq_timers_destroy (&null));
    FAILS (EFAULT, zmq_timers_add (timers, 1, NULL, NULL));
    FAILS (EINVAL, zmq_timers_cancel (timers, 1));
    FAILS (EINVAL, zmq_timers_set_interval (timers, 1, 1));
    FAILS (EINVAL, zmq_timers_reset (timers, 1));
    WORKS (zmq_timers_add (timers, 1000, ignore_timer, NULL));
    WORKS (zmq_timers_cancel (timers, 1));
    FAILS (EINVAL, zmq_timers_cancel (timers, 1));
    WORKS (zmq_timers_destroy (&timers));
    FAILS (EFAULT, zmq_timers_destroy (&timers));

    IS_NULL (EINVAL, zmq_z85_encode (text, bytes, 3));
    IS_NULL (EINVAL, zmq_z85_decode (bytes, "1234"));
    IS_NULL (EINVAL, zmq_z85_decode (bytes, "123456"));
    IS_NULL (EINVAL, zmq_z85_decode (bytes, "12 45"));
    IS_NULL (EINVAL, zmq_z85_decode (bytes, "#####"));
    IS_NULL (EINVAL, zmq_z85_decode (bytes, ""));
    FAILS (EINVAL, zmq_curve_public (text, "too short"));
    HOLDS (zmq_has ("no such thing") == 0);
}

/* What libzmq itself does not survive, or does not notice. */
static void beyond_libzmq (void)
{
    void *pair = socket_of (ZMQ_PAIR), *poller = zmq_poller_new (), *closed = socket_of (ZMQ_PAIR);
    char text[64], group[ZMQ_GROUP_MAX_LENGTH + 2];
    zmq_pollitem_t item = {pair, 0, ZMQ_POLLIN, 0};
    size_t size = sizeof (int);
    zmq_msg_t msg;

    memset (group, 'g', sizeof group);
    group[sizeof group - 1] = '\0';
    WORKS (zmq_close (closed));
    FAILS (EFAULT, zmq_poll (NULL, 1, 0));
    FAILS (EFAULT, zmq_ppoll (NULL, 1, 0, NULL));
    FAILS (EINVAL, zmq_poll (&item, -1, 0));
    FAILS (EFAULT, zmq_device (ZMQ_QUEUE, NULL, pair));
    FAILS (EINVAL, zmq_socket_monitor_versioned (pair, "inproc://m", ZMQ_EVENT_ALL, 3, ZMQ_PAIR));
    FAILS (EINVAL, zmq_bind (pair, NULL));
    FAILS (EINVAL, zmq_connect (pair, NULL));
    FAILS (ENOTSOCK, zmq_proxy (garbage, pair, NULL));
    FAILS (ENOTSOCK, zmq_proxy (pair, closed, NULL));
    FAILS (ENOTSOCK, zmq_poller_add (poller, closed, NULL, ZMQ_POLLIN));
    FAILS (EFAULT, zmq_timers_destroy (NULL));
    FAILS (EINVAL, zmq_curve_public (text, "12345"));
    FAILS (EINVAL, zmq_curve_public (text, NULL));
    IS_NULL (EINVAL, zmq_z85_decode ((uint8_t *) text, NULL));
    IS_NULL (EFAULT, zmq_threadstart (NULL, NULL));
    HOLDS (zmq_has (NULL) == 0);
    FAILS (EFAULT, zmq_msg_init (NULL));
    FAILS (EFAULT, zmq_msg_init_size (NULL, 1));
    FAILS (EFAULT, zmq_msg_close (NULL));
    FAILS (EFAULT, zmq_msg_send (NULL, pair, ZMQ_DONTWAIT));
    FAILS (EFAULT, zmq_msg_recv (NULL, pair, ZMQ_DONTWAIT));
    WORKS (zmq_msg_init (&msg));
    FAILS (EINVAL, zmq_msg_set_group (&msg, group));
    FAILS (EFAULT, zmq_msg_copy (NULL, &msg));
    FAILS (EFAULT, zmq_msg_copy (&msg, NULL));
    FAILS (EFAULT, zmq_msg_move (NULL, &msg));
    FAILS (EFAULT, zmq_msg_move (&msg, NULL));
    FAILS (EFAULT, zmq_msg_get (NULL, ZMQ_MORE));
    IS_NULL (EFAULT, zmq_msg_data (NULL));
    IS_NULL (EFAULT, zmq_msg_gets (NULL, "Peer-Address"));
    IS_NULL (EINVAL, zmq_msg_gets (&msg, NULL));
    WORKS (zmq_msg_close (&msg));
    FAILS (EFAULT, zmq_msg_send (&msg, pair, ZMQ_DONTWAIT));
    FAILS (EFAULT, zmq_msg_init_data (&msg, NULL, 5, NULL, NULL));
    FAILS (EFAULT, zmq_msg_init_buffer (&msg, NULL, 5));

    FAILS (EFAULT, zmq_send (pair, NULL, 5, ZMQ_DONTWAIT));
    FAILS (EFAULT, zmq_send_const (pair, NULL, 5, ZMQ_DONTWAIT));
    FAILS (EINVAL, zmq_setsockopt (pair, ZMQ_LINGER, NULL, sizeof (int)));
    FAILS (EFAULT, zmq_getsockopt (pair, ZMQ_LINGER, NULL, &size));
    FAILS (EFAULT, zmq_getsockopt (pair, ZMQ_LINGER, text, NULL));
    FAILS (EINVAL, zmq_ctx_get_ext (context, ZMQ_IO_THREADS, NULL, &size));
    FAILS (EFAULT, zmq_poller_wait_all (poller, NULL, 1, 0));
    FAILS (EFAULT, zincmq_stats (pair, NULL, sizeof (struct zincmq_stats)));
    FAILS (ENOTSOCK, zincmq_stats (closed, (struct zincmq_stats *) garbage, sizeof garbage));
    WORKS (zmq_poller_destroy (&poller));
    WORKS (zmq_close (pair));
}

/* Receives until it gets a message. Where this and the other thread meet, one of them is sent away. */
static void wait_for_message (void *pull)
{
    char buffer[8];
    while (zmq_recv (pull, buffer, sizeof buffer, 0) == -1 && errno == EFAULT)
        ;
}

/* A socket that another thread is using at this moment. */
static void two_threads (void)
{
    void *pull = socket_of (ZMQ_PULL), *push = socket_of (ZMQ_PUSH), *thread;
    int type, calls = 0;
    size_t size = sizeof type;

    WORKS (zmq_bind (pull, "inproc://two-threads"));
    WORKS (zmq_connect (push, "inproc://two-threads"));
    HOLDS ((thread = zmq_threadstart (wait_for_message, pull)) != NULL);
    while (zmq_getsockopt (pull, ZMQ_TYPE, &type, &size) == 0 && calls < 100000000)
        calls++;
    /* The other thread may have been there just for once. When it stays it waits for a message. */
    while (zmq_getsockopt (pull, ZMQ_TYPE, &type, &size) == 0 && calls < 100000000)
        calls++;
    FAILS (EFAULT, zmq_getsockopt (pull, ZMQ_TYPE, &type, &size));
    FAILS (EFAULT, zmq_setsockopt (pull, ZMQ_LINGER, &type, sizeof type));
    FAILS (EFAULT, zmq_bind (pull, "inproc://b"));
    FAILS (EFAULT, zmq_recv (pull, &type, sizeof type, ZMQ_DONTWAIT));
    FAILS (EFAULT, zmq_close (pull));
    WORKS (zmq_send (push, "", 0, 0));
    zmq_threadclose (thread);
    WORKS (zmq_close (pull));
    WORKS (zmq_close (push));
}

/* In a child a context can be put away and a new one made, and the parent's goes on. */
static void after_fork (void)
{
    void *pull = socket_of (ZMQ_PULL), *push = socket_of (ZMQ_PUSH);
    char buffer[8];
    pid_t child;
    int status;

    WORKS (zmq_bind (pull, "inproc://fork"));
    WORKS (zmq_connect (push, "inproc://fork"));
    child = fork ();
    if (child == 0) {
        void *fresh, *pair;
        checked = wrong = 0;
        alarm (20);
        HOLDS (zmq_recv (pull, buffer, sizeof buffer, ZMQ_DONTWAIT) == -1);
        WORKS (zmq_close (pull));
        FAILS (ENOTSOCK, zmq_close (pull));
        WORKS (zmq_close (push));
        WORKS (zmq_ctx_term (context));
        HOLDS ((fresh = zmq_ctx_new ()) != NULL);
        HOLDS ((pair = zmq_socket (fresh, ZMQ_PAIR)) != NULL);
        FAILS (EAGAIN, zmq_recv (pair, buffer, sizeof buffer, ZMQ_DONTWAIT));
        WORKS (zmq_close (pair));
        WORKS (zmq_ctx_term (fresh));
        _exit (wrong != 0);
    }
    HOLDS (child > 0);
    HOLDS (waitpid (child, &status, 0) == child);
    HOLDS (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    WORKS (zmq_send (push, "a", 1, 0));
    WORKS (zmq_recv (pull, buffer, sizeof buffer, 0));
    WORKS (zmq_close (pull));
    WORKS (zmq_close (push));
}

static void after_term (void)
{
    void *pull = socket_of (ZMQ_PULL), *push = socket_of (ZMQ_PUSH);
    zmq_pollitem_t item = {pull, 0, ZMQ_POLLIN, 0};
    char buffer[8];
    int number = 0;
    size_t size = sizeof number;

    WORKS (zmq_ctx_shutdown (context));
    WORKS (zmq_ctx_shutdown (context));
    IS_NULL (ETERM, zmq_socket (context, ZMQ_PAIR));
    FAILS (ETERM, zmq_recv (pull, buffer, 1, 0));
    FAILS (ETERM, zmq_recv (pull, buffer, 1, ZMQ_DONTWAIT));
    FAILS (ETERM, zmq_send (push, "a", 1, 0));
    FAILS (ETERM, zmq_bind (pull, "inproc://late"));
    FAILS (ETERM, zmq_connect (push, "inproc://late"));
    FAILS (ETERM, zmq_unbind (pull, "inproc://late"));
    FAILS (ETERM, zmq_setsockopt (pull, ZMQ_LINGER, &number, sizeof number));
    FAILS (ETERM, zmq_getsockopt (pull, ZMQ_LINGER, &number, &size));
    FAILS (ETERM, zmq_socket_monitor (pull, "inproc://m", ZMQ_EVENT_ALL));
    FAILS (ETERM, zmq_poll (&item, 1, -1));
    FAILS (ETERM, zmq_proxy (pull, push, NULL));
    WORKS (zmq_close (pull));
    WORKS (zmq_close (push));
    WORKS (zmq_ctx_term (context));
    FAILS (EFAULT, zmq_ctx_term (context));
    FAILS (EFAULT, zmq_ctx_get (context, ZMQ_IO_THREADS));
    IS_NULL (EFAULT, zmq_socket (context, ZMQ_PAIR));
}

int main (void)
{
    context = zmq_ctx_new ();
    contexts ();
    no_sockets ();
    endpoints ();
    options ();
    messages ();
    directions_and_states ();
    polling ();
    timers_and_keys ();
    beyond_libzmq ();
    two_threads ();
    after_fork ();
    after_term ();
    printf ("%d checked, %d wrong\n", checked, wrong);
    return wrong != 0;
}
