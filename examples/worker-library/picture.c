/* picture.c - starts the worker, and believes nothing that it says. */
#include "picture.h"

#include <cordon/cordon.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"

struct picture_decoder {
	struct cordon_process *worker;
	int socket;
};

/* What any C program needs to start, and then: memory, and the socket that it is given. */
static const char policy_text[] = "cordon 1\n"
				  "\n"
				  "profile picture-worker {\n"
				  "  use std/c-runtime@1\n"
				  "  deny syscall socket socketpair\n"
				  "  limit core 0\n"
				  "  limit files 16\n"
				  "  test deny file read /etc/passwd\n"
				  "  test deny net connect tcp 10.0.0.1:80\n"
				  "}\n";

static int spawn(const char *program, int socket, struct cordon_process **ret, struct cordon_error **ret_error)
{
	char *const argv[] = { (char *)"picture-worker", NULL }, *const envp[] = { NULL };
	const int standard_fds[] = { socket, -1, -1 };
	const struct cordon_load_options load = {
		.size = sizeof(load), .text = policy_text, .text_size = sizeof(policy_text) - 1, .name = "picture.c"
	};
	const struct cordon_spawn_options options = {
		.size = sizeof(options), .program = program, .argv = argv, .envp = envp, .standard_fds = standard_fds
	};
	struct cordon_policy *policy = NULL;
	int result = cordon_policy_load(&load, &policy, ret_error);

	if (result == 0)
		result = cordon_spawn(policy, &options, ret, ret_error);
	cordon_policy_free(policy);
	return result;
}

int picture_decoder_new(const char *worker, struct picture_decoder **ret, char **ret_why)
{
	struct picture_decoder *decoder = calloc(1, sizeof(*decoder));
	struct cordon_error *error = NULL;
	int ends[2], result;

	if (ret_why)
		*ret_why = NULL;
	if (!decoder || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		result = decoder ? -errno : -ENOMEM;
		free(decoder);
		return result;
	}
	decoder->socket = ends[0];
	result = spawn(worker, ends[1], &decoder->worker, &error);
	close(ends[1]);
	if (result == 0) {
		*ret = decoder;
		return 0;
	}
	if (ret_why)
		*ret_why = strdup(cordon_error_text(error));
	cordon_error_free(error);
	picture_decoder_free(decoder);
	return result;
}

void picture_decoder_free(struct picture_decoder *decoder)
{
	if (!decoder)
		return;
	close(decoder->socket);
	cordon_process_free(decoder->worker);
	free(decoder);
}

/* A worker that lies about the size must not make us read or allocate without end. */
static int check(const struct answer *answer)
{
	if (answer->error == EINVAL || answer->error == EFBIG || answer->error == ENOMEM)
		return -answer->error;
	if (answer->error || !answer->width || !answer->height ||
	    (uint64_t)answer->width * answer->height > PICTURE_PIXELS_MAX)
		return -EPIPE;
	return 0;
}

int picture_decode(struct picture_decoder *decoder, const void *data, size_t size, struct picture *ret)
{
	const struct question question = { .size = (uint32_t)size };
	struct answer answer;
	unsigned char *pixels;
	size_t bytes;
	int error;

	if (size > IMAGE_SIZE_MAX)
		return -EFBIG;
	if (!send_bytes(decoder->socket, &question, sizeof(question)) || !send_bytes(decoder->socket, data, size) ||
	    !receive_bytes(decoder->socket, &answer, sizeof(answer)))
		return -EPIPE;
	error = check(&answer);
	if (error)
		return error;
	bytes = (size_t)answer.width * answer.height * 4;
	pixels = malloc(bytes);
	if (!pixels || !receive_bytes(decoder->socket, pixels, bytes)) {
		error = pixels ? -EPIPE : -ENOMEM;
		free(pixels);
		return error;
	}
	*ret = (struct picture){ answer.width, answer.height, pixels };
	return 0;
}
