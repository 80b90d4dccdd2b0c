/* look_net.c - the addresses of calls on sockets; see look.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "platform/sys.h"
#include "policy/parse.h"
#include "policy/resolve.h"
#include "supervise/look.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
};

/* ---- text ---- */

static bool inet_text(const struct look *look, const union address *address, socklen_t size, const char **ret)
{
	char text[INET6_ADDRSTRLEN];
	const bool v6 = address->any.sa_family == AF_INET6;

	if (size < (v6 ? offsetof(struct sockaddr_in6, sin6_scope_id) : sizeof(struct sockaddr_in)) ||
	    !inet_ntop(address->any.sa_family, v6 ? (const void *)&address->v6.sin6_addr : &address->v4.sin_addr, text,
		       sizeof(text)))
		return false;
	*ret = arena_printf(look->arena, v6 ? "[%s]:%u" : "%s:%u", text,
			    ntohs(v6 ? address->v6.sin6_port : address->v4.sin_port));
	return true;
}

/* A path, from the caller's directory on, or "@name". */
static bool unix_text(const struct look *look, const union address *address, socklen_t size, const char **ret)
{
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	const char *path = address->path.sun_path;
	char directory[4096];
	ssize_t length;
	struct word word = { .quoted = true };
	struct str text;

	if (size <= start)
		return false;
	if (!*path) {
		word.text = arena_printf(look->arena, "@%.*s", (int)(size - start - 1), path + 1);
	} else if (*path == '/') {
		word.text = arena_strndup(look->arena, path, strnlen(path, size - start));
	} else {
		length = readlink(arena_printf(look->arena, "/proc/%d/cwd", look->event->thread), directory,
				  sizeof(directory));
		if (length <= 0)
			return false;
		word.text = arena_printf(look->arena, "%.*s/%.*s", (int)length, directory,
					 (int)strnlen(path, size - start), path);
	}
	str_init(&text, look->arena);
	print_word(&word, &text);
	*ret = text.text;
	return true;
}

/* ---- sockets ---- */

static int get_option(int socket, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(socket, SOL_SOCKET, option, &value, &size) < 0 ? -1 : value;
}

static const char *protocol_of(int socket)
{
	const int domain = get_option(socket, SO_DOMAIN), type = get_option(socket, SO_TYPE);

	if (domain == AF_UNIX)
		return "unix";
	if (domain != AF_INET && domain != AF_INET6)
		return NULL;
	return type == SOCK_STREAM ? "tcp" : type == SOCK_DGRAM ? "udp" : NULL;
}

static void decide(struct look *look, const char *operation, const char *protocol, const union address *address,
		   socklen_t size)
{
	const struct surroundings surroundings = { .uid = look->uid };
	const char *object;
	struct source source = { .name = "request" };
	struct ast_request ast;
	struct request request;
	struct diags diags;

	if (!strcmp(protocol, "unix") ? address->any.sa_family != AF_UNIX || !unix_text(look, address, size, &object)
				      : (address->any.sa_family != AF_INET && address->any.sa_family != AF_INET6) ||
						!inet_text(look, address, size, &object))
		return;
	source.text = arena_printf(look->arena, "net %s %s %s", operation, protocol, object);
	source.size = strlen(source.text);
	diags_init(&diags, look->arena);
	if (parse_request(&source, look->arena, &diags, &ast) == 0 &&
	    resolve_request(&ast, &surroundings, look->arena, &diags, &request) == 0)
		look_decide(look, &request, source.text);
}

/* ---- calls ---- */

#define NONE (-1)

static const struct net_call {
	const char *call, *operation;
	int8_t address, size; /* arguments */
	bool message;         /* @address: a struct msghdr */
	bool bound;           /* the socket's own address */
} net_calls[] = {
	{ "connect", "connect", 1, 2, false, false },    { "bind", "bind", 1, 2, false, false },
	{ "sendto", "connect", 4, 5, false, false },     { "sendmsg", "connect", 1, NONE, true, false },
	{ "listen", "accept", NONE, NONE, false, true },
};

const char *const look_net_calls[] = { "connect", "bind", "sendto", "sendmsg", "listen" };
const size_t look_net_call_count = ARRAY_SIZE(look_net_calls);

/* The address that the call names; false: none. */
static bool read_address(const struct look *look, const struct net_call *row, int socket, union address *ret,
			 socklen_t *ret_size)
{
	const uint64_t *args = look->event->args;
	struct msghdr message;
	uint64_t address = row->address < 0 ? 0 : args[row->address], size = row->size < 0 ? 0 : args[row->size];

	*ret_size = sizeof(*ret);
	if (row->bound)
		return getsockname(socket, &ret->any, ret_size) == 0;
	if (row->message) {
		if (!look_read(look, address, &message, sizeof(message)))
			return false;
		address = (uintptr_t)message.msg_name;
		size = message.msg_namelen;
	}
	if (!address || size < sizeof(ret->any.sa_family) || size > sizeof(*ret))
		return false;
	*ret_size = (socklen_t)size;
	return look_read(look, address, ret, size);
}

static void look_at_socket(struct look *look, const struct net_call *row)
{
	auto_close int thread = event_open_thread(look->event);
	auto_close int socket = thread < 0 ? -1 : sys_pidfd_getfd(thread, (int)look->event->args[0]);
	union address address = { 0 };
	const char *protocol = socket < 0 ? NULL : protocol_of(socket);
	socklen_t size;

	if (!protocol || !read_address(look, row, socket, &address, &size))
		return;
	/* "accept" is about TCP; other kinds are bound, and that is all. */
	decide(look, row->bound && strcmp(protocol, "tcp") != 0 ? "bind" : row->operation, protocol, &address, size);
}

bool look_at_net(struct look *look, const char *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(net_calls); i++)
		if (!strcmp(net_calls[i].call, call)) {
			look_at_socket(look, &net_calls[i]);
			return true;
		}
	return false;
}
