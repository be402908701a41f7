/*
 * A hostile guest: four requests (an exec with input, a list, a file, a diff)
 * are on its channel, then it says whatever it likes.
 *
 * The input is a list of records {who, type, flags, length, bytes}: `who`
 * chooses one of the four streams, a stream that does not exist, or bytes
 * without a frame around them.
 */
#include <assert.h>
#include <errno.h>

#include "log.h"

#define RIG_PAUSE_US 0
#include "../support/gateway_rig.h"

#define REQUESTS 4
#define RECORD_HEAD 4
#define ANSWER_MAX (32 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const struct {
	enum grant_op op;
	const char *method, *tail, *body;
} requests[REQUESTS] = {
	{GRANT_OP_exec, "POST", "/exec", "{\"command\":\"x\",\"stdin\":\"y\"}"},
	{GRANT_OP_file_list, "GET", "/files?recursive=1", NULL},
	{GRANT_OP_file_read, "GET", "/files/content?path=a", NULL},
	{GRANT_OP_git_diff, "GET", "/git/diff", NULL},
};

static struct rig *rig;

/* Nothing is written: a queue without room takes no batch. What an input
 * allocated is freed with it, or leaks would be searched for each time. */
static const struct scribe_hooks hooks = {.save = rig_save};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc;
	(void)argv;
	log_init("fuzz", LOG_LEVEL_ERROR + 1);
	rig = rig_new();
	scribe_free(rig->gw.scribe);
	jobs_free(rig->gw.db);
	rig->gw.db = jobs_new(rig->gw.base, "db", 0, NULL, &e);
	rig->gw.scribe = scribe_new(rig->gw.base, rig->gw.db, &hooks, rig);
	return 0;
}

static void
open_streams(int fd[REQUESTS], uint32_t id[REQUESTS])
{
	struct frame f;

	for (size_t i = 0; i < REQUESTS; i++) {
		fd[i] = rig_dial(rig);
		rig_ask(rig, fd[i], requests[i].op, requests[i].method,
			requests[i].tail, "", requests[i].body);
		while (channels_count(rig->gw.channels) == 0)
			rig_step(rig);
		if (i == 0 && !rig_guest_greet(rig))
			abort();
		do {
			if (!rig_guest_next(rig, &f, 2000))
				abort();
		} while (f.type != FRAME_OPEN);
		id[i] = f.stream;
	}
}

/* A frame whose type and flags need not be any that exist. */
static void
say(uint32_t stream, uint8_t type, uint8_t flags, const uint8_t *p, size_t n)
{
	uint8_t frame[FRAME_HEADER + 255] = {
		[3] = (uint8_t)n,
		[4] = (uint8_t)(stream >> 24),
		[5] = (uint8_t)(stream >> 16),
		[6] = (uint8_t)(stream >> 8),
		[7] = (uint8_t)stream,
		[8] = type,
		[9] = flags,
	};

	memcpy(frame + FRAME_HEADER, p, n);
	rig_guest_write(rig, frame, FRAME_HEADER + n);
}

static void
speak(const uint32_t id[REQUESTS], const uint8_t *data, size_t size)
{
	uint8_t who, type, flags;
	size_t n;

	while (size >= RECORD_HEAD) {
		who = data[0] % (REQUESTS + 2);
		type = data[1];
		flags = data[2];
		n = data[3];
		data += RECORD_HEAD;
		size -= RECORD_HEAD;
		if (n > size)
			n = size;
		if (who < REQUESTS)
			say(id[who], type, flags, data, n);
		else if (who == REQUESTS)
			say(id[0] + 7, type, flags, data, n);
		else
			rig_guest_write(rig, data, n);
		data += n;
		size -= n;
	}
	for (int i = 0; i < 8; i++)
		rig_step(rig);
}

/* An answer is HTTP, whatever the guest said. */
static void
check_answer(int fd)
{
	char text[ANSWER_MAX];
	ssize_t n = read(fd, text, sizeof(text));

	assert(n <= 0 ||
	       strncmp(text, "HTTP/1.1 ", n < 9 ? (size_t)n : 9) == 0);
	close(fd);
}

static void
clean_up(void)
{
	while (http_busy(rig->gw.http))
		rig_step(rig);
	rig_step(rig); /* closed connections are freed by the loop */
	exec_free_all(&rig->gw);
	scribe_free(rig->gw.scribe);
	rig->gw.scribe = scribe_new(rig->gw.base, rig->gw.db, &hooks, rig);
	if (rig->asked)
		rig_connect_guest(rig);
	channels_free(rig->gw.channels);
	rig->gw.channels = channels_new(rig->gw.base, &rig_host, rig);
	close(rig->guest);
	rig->guest = -1;
	/* Grants would fill their set long before they expire. */
	grants_free(rig->gw.used);
	rig->gw.used = grants_new(64);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t id[REQUESTS];
	int fd[REQUESTS];

	open_streams(fd, id);
	speak(id, data, size);
	for (size_t i = 0; i < REQUESTS; i++)
		check_answer(fd[i]);
	clean_up();
	return 0;
}
