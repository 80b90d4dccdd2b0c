/* attack_worker.c - takes the place of examples/worker-library/worker.c: an image has made it its own. It attacks, and sends
 * the results as a picture (a pixel per attack: its errno), the only way out that it has. */
#include "attack_inside.h"

#include <stdlib.h>

#include "../../examples/worker-library/protocol.h"

int main(void)
{
	const int results[] = { attack_open(), attack_connect(), attack_execute(), attack_code() };
	struct question question;
	struct answer answer = { .width = 1, .height = 4 };
	unsigned char pixels[16] = { 0 };
	char *data;

	for (size_t i = 0; i < 4; i++)
		pixels[4 * i] = (unsigned char)results[i];
	if (!receive_bytes(0, &question, sizeof(question)))
		return 1;
	data = malloc(question.size + 1u);
	if (!data || !receive_bytes(0, data, question.size))
		return 1;
	/* The image says what else it tries. */
	if (question.size > 4 && !memcmp(data, "huge", 4))
		answer.width = answer.height = 0xffffffff;
	if (question.size > 4 && !memcmp(data, "dies", 4))
		raise(SIGSEGV);
	send_bytes(0, &answer, sizeof(answer));
	send_bytes(0, pixels, sizeof(pixels));
	free(data);
	return 0;
}
