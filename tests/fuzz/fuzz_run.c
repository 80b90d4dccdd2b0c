/* fuzz_run.c - any bytes as a program of classic BPF: our checks are the kernel's, and our interpreter answers as the
 * kernel does. The first 64 bytes are the call that it looks at, then 8 a piece come instructions.
 *
 * The kernel is asked twice, and never keeps a filter. Whether it takes the program: it looks at it first, and then finds no
 * descriptor free for the listener. And what it answers: the program, put on a socket, sees a packet that looks like the
 * call. Loads from packets are big-endian, so the packet is; and since a socket only tells how much of a packet it
 * keeps, each return becomes one that keeps all or nothing. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plan/cbpf.h"
#include "prop/generate.h"
#include "world.h"

#define CODE_MAX 512
#define PACKET sizeof(struct seccomp_data)

/* ---- does the kernel take it? ---- */

/* 1, 0, or -1 when it can't be asked here. */
static int kernel_takes(struct sock_filter *code, size_t count)
{
	struct sock_fprog program = { .len = (unsigned short)count, .filter = code };
	struct rlimit before, none;
	int error;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || getrlimit(RLIMIT_NOFILE, &before) < 0)
		return -1;
	none = (struct rlimit){ 0, before.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return -1;
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	error = errno;
	must(setrlimit(RLIMIT_NOFILE, &before) == 0, "the limit can't be restored");
	return error == EMFILE ? 1 : error == EINVAL ? 0 : -1;
}

/* ---- what does it answer? ---- */

/* Returns of @expected keep the packet and others drop it, or the other way round where 0 is expected: that is also what the
 * kernel returns for a division by zero. */
static size_t make_filter(const struct sock_filter *code, size_t count, uint32_t expected, struct sock_filter *ret)
{
	const uint32_t kept = expected ? PACKET : 0, other = expected ? 0 : PACKET;

	memcpy(ret, code, count * sizeof(*code));
	for (size_t i = 0; i < count; i++) {
		if (code[i].code == (BPF_RET | BPF_K))
			ret[i].k = code[i].k == expected ? kept : other;
		else if (code[i].code == (BPF_RET | BPF_A))
			ret[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(count - i - 1));
	}
	ret[count] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, expected, 0, 1);
	ret[count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, kept);
	ret[count + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, other);
	return count + 3;
}

static void make_packet(const struct seccomp_data *data, uint32_t ret[PACKET / 4])
{
	memcpy(ret, data, PACKET);
	for (size_t i = 0; i < PACKET / 4; i++)
		ret[i] = htonl(ret[i]);
}

static void ask_kernel(const struct sock_filter *code, size_t count, const struct seccomp_data *data, uint32_t expected)
{
	static struct sock_filter filter[CODE_MAX + 3];
	const struct sock_fprog program = { .len = (unsigned short)make_filter(code, count, expected, filter),
					    .filter = filter };
	uint32_t packet[PACKET / 4], got[PACKET / 4];
	int ends[2];
	ssize_t size = -1;

	make_packet(data, packet);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	if (setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 &&
	    send(ends[0], packet, sizeof(packet), 0) >= 0) {
		size = recv(ends[1], got, sizeof(got), MSG_DONTWAIT);
		must((size == PACKET) == (expected != 0), "the kernel answers otherwise");
	}
	close(ends[0]);
	close(ends[1]);
}

/* ---- one program ---- */

static void try_program(struct sock_filter *code, size_t count, const struct seccomp_data *data)
{
	const bool valid = cbpf_validate(code, count, NULL) == 0;
	const int taken = kernel_takes(code, count);
	uint32_t action = 0, again = 0;
	unsigned steps = 0;

	must(taken < 0 || (taken == 1) == valid, "our checks are not the kernel's");
	must((cbpf_run(code, count, data, &action, &steps) == 0) == valid, "what is valid doesn't run");
	if (!valid)
		return;
	must(steps >= 1 && steps <= count, "a loop");
	must(cbpf_run(code, count, data, &again, NULL) == 0 && action == again, "two answers");
	ask_kernel(code, count, data, action);
}

/* Half of them are what may stand there; anything else is refused sooner or later. */
static struct sock_filter instruction(struct stream *stream, size_t left)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_IMM,
		BPF_LDX | BPF_IMM,
		BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
		BPF_ST,
		BPF_STX,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_ALU | BPF_ADD,
		BPF_ALU | BPF_SUB,
		BPF_ALU | BPF_MUL,
		BPF_ALU | BPF_DIV,
		BPF_ALU | BPF_AND,
		BPF_ALU | BPF_OR,
		BPF_ALU | BPF_XOR,
		BPF_ALU | BPF_LSH,
		BPF_ALU | BPF_RSH,
		BPF_ALU | BPF_NEG,
		BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JEQ,
		BPF_JMP | BPF_JGT,
		BPF_JMP | BPF_JGE,
		BPF_JMP | BPF_JSET,
		BPF_RET | BPF_K,
		BPF_RET | BPF_A,
	};
	const uint8_t choice = stream_byte(stream);
	struct sock_filter made = { .code = codes[(choice >> 1) % ARRAY_SIZE(codes)],
				    .jt = stream_byte(stream),
				    .jf = stream_byte(stream) };

	for (unsigned i = 0; i < 4; i++)
		made.k |= (uint32_t)stream_byte(stream) << 8 * i;
	if (choice & 1)
		made.code |= BPF_X;
	if (stream_byte(stream) & 1) /* as it stands */
		return made;
	made.jt = (uint8_t)(left ? made.jt % left : 0);
	made.jf = (uint8_t)(left ? made.jf % left : 0);
	if (made.code == (BPF_JMP | BPF_JA))
		made.k = left ? made.k % (uint32_t)left : 0;
	else if (made.code == (BPF_LD | BPF_W | BPF_ABS))
		made.k = made.k % (uint32_t)PACKET & ~3U;
	else if (BPF_CLASS(made.code) == BPF_ST || BPF_CLASS(made.code) == BPF_STX || BPF_MODE(made.code) == BPF_MEM)
		made.k %= BPF_MEMWORDS;
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sock_filter code[CODE_MAX];
	struct stream stream = { .data = data, .size = size };
	struct seccomp_data call = { 0 };
	size_t count;

	memcpy(&call, data, size < sizeof(call) ? size : sizeof(call));
	stream.at = size < sizeof(call) ? size : sizeof(call);
	count = (size - stream.at) / 8;
	count = count < CODE_MAX - 1 ? count : CODE_MAX - 1;
	for (size_t i = 0; i < count; i++)
		code[i] = instruction(&stream, count - i);
	if (stream_once_in(&stream, 2) || size % 2 == 0)
		code[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	try_program(code, count, &call);
	return 0;
}
