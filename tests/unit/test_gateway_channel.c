/* Channels and streams against an agent played by the test. */
#include "../support/cmocka_all.h"

#include <errno.h>

#include "../support/gateway_rig.h"

#include "auto.h"

struct seen {
	int replies, ends, fails, writable;
	size_t bytes;
	enum err_code code;
	bool lost;
};

static void
on_reply(void *owner, const void *record)
{
	struct seen *s = owner;

	(void)record;
	s->replies++;
}

static void
on_data(void *owner, uint8_t flags, const uint8_t *p, size_t n)
{
	struct seen *s = owner;

	(void)flags;
	(void)p;
	s->bytes += n;
}

static void
on_writable(void *owner)
{
	struct seen *s = owner;

	s->writable++;
}

static void
on_end(void *owner, const void *record)
{
	struct seen *s = owner;

	(void)record;
	s->ends++;
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct seen *s = owner;

	s->fails++;
	s->code = e->code;
	s->lost = lost;
}

static const struct stream_events events = {
	.reply = on_reply,
	.data = on_data,
	.writable = on_writable,
	.end = on_end,
	.fail = on_fail,
};

#define ITEM \
	"{\"path\":\"/workspace/" \
	"a\",\"type\":\"file\",\"size\":3,\"mtime_us\":1," \
	"\"mode\":420}"

/* Streams that still live when a test ends fail in its teardown. */
static struct seen seen, other, none;

static struct stream *
open_read(struct rig *r, struct seen *s, int64_t timeout_ms, struct err *e)
{
	struct file_read record = {.path = "a", .has_path = true};
	const struct stream_request q = {
		.sandbox = RIG_SANDBOX,
		.boot = 1,
		.up = s->fails > 0,
		.kind = &kind_file_read,
		.record = &record,
		.timeout_ms = timeout_ms,
		.events = &events,
		.owner = s,
	};

	return stream_open(r->gw.channels, &q, e);
}

static int
setup(void **state)
{
	*state = rig_new();
	seen = other = none;
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

/* An open stream, its channel greeted. */
static uint32_t
ready(struct rig *r, struct seen *to, struct stream **out)
{
	struct err e;
	uint32_t id;

	*to = none;
	*out = open_read(r, to, 5000, &e);
	assert_non_null(*out);
	if (r->guest < 0)
		assert_true(rig_guest_greet(r));
	id = rig_guest_open(r);
	assert_int_not_equal(id, 0);
	return id;
}

static void
a_stream_goes_through_its_life(void **state)
{
	struct rig *r = *state;
	struct stream *s;
	uint32_t id = ready(r, &seen, &s);

	rig_guest_say(r, id, FRAME_REPLY, ITEM);
	rig_guest_send(r, id, FRAME_DATA, 0, "abc", 3);
	rig_guest_say(r, id, FRAME_END, "{}");
	rig_settle(r, 20);
	assert_int_equal(seen.replies, 1);
	assert_int_equal(seen.bytes, 3);
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.fails, 0);
	assert_int_equal(r->misbehaved, 0);
}

/* Ids rise and are not used twice on a connection. */
static void
ids_rise(void **state)
{
	struct rig *r = *state;
	struct stream *s;
	uint32_t last = 0, id;

	for (int i = 0; i < 300; i++) {
		id = ready(r, &seen, &s);
		assert_true(id > last);
		last = id;
		rig_guest_say(r, id, FRAME_REPLY, ITEM);
		rig_guest_say(r, id, FRAME_END, "{}");
		rig_settle(r, 0);
		while (!seen.ends)
			rig_step(r);
	}
}

/* What a dead connection left in the port is dropped, however it is cut. */
static void
stale_bytes_are_dropped(void **state)
{
	static const char half[] = "\0\0\1\0\0\0\0\1\5\0\0\0half a frame";
	uint8_t foreign[FRAME_NONCE] = {1, 2, 3};
	struct rig *r = *state;
	struct frame f;
	struct err e;

	assert_non_null(open_read(r, &seen, 5000, &e));
	assert_true(rig_until(r, rig_has_guest, 1000));
	assert_true(rig_guest_next(r, &f, 1000));
	rig_guest_write(r, half, sizeof(half) - 1);
	rig_guest_welcome(r, foreign); /* an answer to somebody else's HELLO */
	rig_settle(r, 20);
	assert_false(rig_guest_next(r, &f, 20));
	rig_guest_welcome(r, r->reader.nonce);
	assert_int_not_equal(rig_guest_open(r), 0);
	assert_int_equal(r->misbehaved, 0);
}

/* A guest that boots answers late: nothing is sent twice meanwhile. */
static void
a_late_welcome_is_waited_for(void **state)
{
	struct rig *r = *state;
	struct frame f;
	struct err e;

	assert_non_null(open_read(r, &seen, 9000, &e));
	assert_true(rig_until(r, rig_has_guest, 1000));
	assert_true(rig_guest_next(r, &f, 1000));
	assert_false(rig_guest_next(r, &f, CHANNEL_RESYNC_MS + 300));
	rig_guest_welcome(r, r->reader.nonce);
	assert_int_not_equal(rig_guest_open(r), 0);
	assert_int_equal(seen.fails, 0);
}

/* A guest boots for seconds, and must not get the time of before. */
static void
a_claim_tells_the_time_at_which_it_goes_out(void **state)
{
	struct rig *r = *state;
	struct claim record = {.sandbox = RIG_SANDBOX, .has_sandbox = true};
	const struct stream_request q = {
		.sandbox = RIG_SANDBOX,
		.boot = 1,
		.kind = &kind_claim,
		.record = &record,
		.timeout_ms = 5000,
		.events = &events,
		.owner = &seen,
	};
	auto_json json_t *sent = NULL;
	int64_t greeted, told;
	struct frame f;
	struct err e;

	assert_non_null(stream_open(r->gw.channels, &q, &e));
	rig_settle(r, 50);
	greeted = time_unix_us();
	assert_true(rig_guest_greet(r));
	assert_true(rig_guest_next(r, &f, 2000));
	assert_int_equal(f.type, FRAME_OPEN);
	sent = json_parse((const char *)f.payload, f.len, 4, &e);
	assert_non_null(sent);
	told = json_integer_value(json_object_get(sent, "realtime_us"));
	assert_in_range(told, greeted, time_unix_us());
}

/* A guest that was up may be inside half a frame: it gets zeros and HELLO. */
static void
a_silent_guest_is_resynchronised(void **state)
{
	struct rig *r = *state;
	struct stream *s;
	uint32_t id = ready(r, &seen, &s);
	struct frame f;
	struct err e;

	assert_int_not_equal(id, 0);
	close(r->guest);
	r->guest = -1;
	while (!seen.fails)
		rig_step(r);
	assert_int_equal(seen.code, ERR_GUEST_GONE);
	assert_true(seen.lost);
	assert_non_null(open_read(r, &seen, 9000, &e));
	assert_true(rig_until(r, rig_has_guest, 1000));
	assert_true(rig_guest_next(r, &f, 1000));
	assert_int_equal(f.type, FRAME_HELLO);
	/* The reader hunts over the zeros, as the agent's does. */
	frame_reader_hunt(&r->reader);
	assert_true(rig_guest_next(r, &f, CHANNEL_RESYNC_MS + 1000));
	assert_int_equal(f.type, FRAME_HELLO);
	rig_guest_welcome(r, r->reader.nonce);
	assert_int_not_equal(rig_guest_open(r), 0);
}

struct bad {
	const char *name;
	enum frame_type type;
	uint8_t flags;
	const char *payload;
	int stream; /* 0: the open one; else so many ids further */
	bool after_reply, after_end;
};

static const struct bad bads[] = {
	{"DATA before REPLY", FRAME_DATA, 0, "x", 0, false, false},
	{"flags that mean nothing", FRAME_DATA, 1, "x", 0, true, false},
	{"REPLY twice", FRAME_REPLY, 0, ITEM, 0, true, false},
	{"REPLY that is not JSON", FRAME_REPLY, 0, "{", 0, false, false},
	{"REPLY of another record", FRAME_REPLY, 0, "{}", 0, false, false},
	{"END before REPLY", FRAME_END, 0, "{}", 0, false, false},
	{"END that is no object", FRAME_END, 0, "[]", 0, true, false},
	{"END with unknown fields", FRAME_END, 0, "{\"a\":1}", 0, true, false},
	{"END twice", FRAME_END, 0, "{}", 0, true, true},
	{"DATA after END", FRAME_DATA, 0, "x", 0, true, true},
	{"ERROR after END", FRAME_ERROR, 0,
	 "{\"code\":\"not_found\",\"message\":\"\"}", 0, true, true},
	{"malformed ERROR", FRAME_ERROR, 0, "{}", 0, false, false},
	{"a stream that we never opened", FRAME_DATA, 0, "x", 5, false, false},
	{"too much credit", FRAME_CREDIT, 0, "\377\377\377\377", 0, false,
	 false},
};

/* Each costs the guest its connection, and fails every stream of it. */
static void
violations_reset_the_channel(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		const struct bad *b = &bads[i];
		struct rig *r = rig_new();
		struct stream *s;
		uint32_t id = ready(r, &seen, &s);

		ready(r, &other, &s);
		if (b->after_reply)
			rig_guest_say(r, id, FRAME_REPLY, ITEM);
		if (b->after_end)
			rig_guest_say(r, id, FRAME_END, "{}");
		rig_guest_send(r, id + (uint32_t)b->stream, b->type, b->flags,
			       b->payload, strlen(b->payload));
		rig_settle(r, 20);
		if (r->misbehaved != 1 || other.fails != 1 ||
		    other.code != ERR_GUEST_MISBEHAVED ||
		    seen.fails != !b->after_end)
			fail_msg("%s: %d violations, %d and %d failed", b->name,
				 r->misbehaved, seen.fails, other.fails);
		rig_free(r);
	}
}

static void
garbage_resets_the_channel(void **state)
{
	struct rig *r = *state;
	struct stream *s;

	ready(r, &seen, &s);
	rig_guest_write(r, "\377\377\377\377GARBAGE GARBAGE", 19);
	rig_settle(r, 20);
	assert_int_equal(r->misbehaved, 1);
	assert_int_equal(seen.code, ERR_GUEST_MISBEHAVED);
	assert_false(seen.lost);
}

/* Credit: exactly CHANNEL_WINDOW may come, and as much again as was consumed. */
static void
credit_is_counted(void **state)
{
	static uint8_t block[FRAME_PAYLOAD_MAX];
	struct rig *r = *state;
	struct stream *s;
	uint32_t id = ready(r, &seen, &s), bytes;
	struct frame f;

	rig_guest_say(r, id, FRAME_REPLY, ITEM);
	for (size_t n = 0; n < CHANNEL_WINDOW; n += sizeof(block))
		rig_guest_send(r, id, FRAME_DATA, 0, block, sizeof(block));
	rig_settle(r, 20);
	assert_int_equal(seen.bytes, CHANNEL_WINDOW);
	assert_int_equal(r->misbehaved, 0);
	stream_consumed(s, 1000);
	assert_false(rig_guest_next(r, &f, 20)); /* in lumps only */
	stream_consumed(s, CHANNEL_WINDOW / 2);
	assert_true(rig_guest_next(r, &f, 500));
	assert_int_equal(frame_credit(&f, &bytes), 0);
	assert_int_equal(bytes, CHANNEL_WINDOW / 2 + 1000);
	rig_guest_send(r, id, FRAME_DATA, 0, block, sizeof(block));
	rig_guest_send(r, id, FRAME_DATA, 0, block, sizeof(block));
	rig_settle(r, 10);
	assert_int_equal(r->misbehaved, 0);
	rig_guest_send(r, id, FRAME_DATA, 0, block, 1001);
	rig_settle(r, 20);
	assert_int_equal(r->misbehaved, 1);
	assert_int_equal(seen.bytes, CHANNEL_WINDOW + 2 * sizeof(block));
}

/* What was on its way when we reset a stream is no violation; a flood is. */
static void
late_frames_of_a_reset_stream(void **state)
{
	static uint8_t block[FRAME_PAYLOAD_MAX];
	struct rig *r = *state;
	struct stream *s, *s2;
	uint32_t id = ready(r, &seen, &s);
	struct frame f;

	ready(r, &other, &s2);
	stream_close(s);
	assert_true(rig_guest_next(r, &f, 500));
	assert_int_equal(f.type, FRAME_RESET);
	rig_guest_say(r, id, FRAME_REPLY, ITEM);
	rig_guest_send(r, id, FRAME_DATA, 0, block, sizeof(block));
	rig_guest_say(r, id, FRAME_END, "{}");
	rig_settle(r, 20);
	assert_int_equal(r->misbehaved, 0);
	assert_int_equal(seen.ends + seen.fails, 0);
	for (int i = 0; i < 20; i++)
		rig_guest_send(r, id, FRAME_DATA, 0, block, sizeof(block));
	rig_settle(r, 20);
	assert_int_equal(r->misbehaved, 1);
	assert_int_equal(other.code, ERR_GUEST_MISBEHAVED);
}

static void
streams_are_bounded(void **state)
{
	static struct seen many[CHANNEL_STREAMS_MAX + 1];
	struct rig *r = *state;
	struct err e = {0};
	size_t i;

	for (i = 0; i < CHANNEL_STREAMS_MAX; i++)
		assert_non_null(open_read(r, &many[i], 5000, &e));
	assert_null(open_read(r, &many[i], 5000, &e));
	assert_int_equal(e.code, ERR_OVERLOADED);
	assert_true(rig_guest_greet(r));
	for (i = 0; i < CHANNEL_STREAMS_MAX; i++)
		assert_int_not_equal(rig_guest_open(r), 0);
	assert_int_equal(
		channels_streams(r->gw.channels, RIG_SANDBOX, &kind_file_read),
		CHANNEL_STREAMS_MAX);
	assert_null(open_read(r, &many[i], 5000, &e));
}

static void
a_record_that_fits_no_frame_is_refused(void **state)
{
	static char path[FRAME_PAYLOAD_MAX + 1];
	struct file_read record = {.path = path, .has_path = true};
	const struct stream_request q = {
		.sandbox = RIG_SANDBOX,
		.boot = 1,
		.kind = &kind_file_read,
		.record = &record,
		.timeout_ms = 1000,
		.events = &events,
		.owner = &seen,
	};
	struct rig *r = *state;
	struct err e = {0};

	memset(path, 'a', sizeof(path) - 1);
	assert_null(stream_open(r->gw.channels, &q, &e));
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_int_equal(channels_count(r->gw.channels), 0);
}

static void
silence_ends_a_stream(void **state)
{
	struct rig *r = *state;
	struct frame f;
	struct err e;

	assert_non_null(open_read(r, &seen, 100, &e));
	assert_non_null(open_read(r, &other, 5000, &e));
	assert_true(rig_guest_greet(r));
	rig_guest_open(r);
	rig_guest_open(r);
	rig_settle(r, 200);
	assert_int_equal(seen.fails, 1);
	assert_int_equal(seen.code, ERR_GUEST_TIMEOUT);
	assert_int_equal(other.fails, 0);
	assert_true(rig_guest_next(r, &f, 100));
	assert_int_equal(f.type, FRAME_RESET);
}

/* A guest without credit is not to blame for its silence. */
static void
a_guest_without_credit_is_not_silent(void **state)
{
	static uint8_t block[FRAME_PAYLOAD_MAX];
	struct rig *r = *state;
	struct err e;
	uint32_t id;

	assert_non_null(open_read(r, &seen, 100, &e));
	assert_true(rig_guest_greet(r));
	id = rig_guest_open(r);
	rig_guest_say(r, id, FRAME_REPLY, ITEM);
	for (size_t n = 0; n < CHANNEL_WINDOW; n += sizeof(block))
		rig_guest_send(r, id, FRAME_DATA, 0, block, sizeof(block));
	rig_settle(r, 350);
	assert_int_equal(seen.fails, 0);
	assert_int_equal(seen.bytes, CHANNEL_WINDOW);
}

static void
a_vm_that_is_gone_fails_at_once(void **state)
{
	struct rig *r = *state;
	struct err e, gone;

	err_set(&gone, ERR_WRONG_STATE, "the VM is exited");
	r->refuse = &gone;
	assert_non_null(open_read(r, &seen, 5000, &e));
	rig_settle(r, 20);
	assert_int_equal(seen.code, ERR_GUEST_GONE);
	assert_false(seen.lost);
	assert_int_equal(channels_count(r->gw.channels), 0);
}

/* vmctl away: a few tries, then its own error. */
static void
vmctl_away_is_tried_again(void **state)
{
	struct rig *r = *state;
	struct err e, away;
	int64_t began = time_mono_ms();

	err_set(&away, ERR_VMCTL_UNAVAILABLE, "no");
	r->refuse = &away;
	assert_non_null(open_read(r, &seen, 9000, &e));
	while (!seen.fails && time_mono_ms() - began < 5000)
		rig_settle(r, 5);
	assert_int_equal(seen.code, ERR_VMCTL_UNAVAILABLE);
	assert_true(time_mono_ms() - began >= 500);
}

/* An older VM's channel does not serve the next one's streams, nor the other
 * way round. */
static void
a_new_boot_replaces_the_channel(void **state)
{
	struct rig *r = *state;
	struct file_read record = {.path = "a", .has_path = true};
	struct stream *s;
	struct stream_request q = {
		.sandbox = RIG_SANDBOX,
		.boot = 2,
		.kind = &kind_file_read,
		.record = &record,
		.timeout_ms = 5000,
		.events = &events,
		.owner = &other,
	};
	struct err e;

	ready(r, &seen, &s);
	assert_non_null(stream_open(r->gw.channels, &q, &e));
	assert_int_equal(seen.code, ERR_GUEST_GONE);
	q.boot = 1;
	assert_null(stream_open(r->gw.channels, &q, &e));
	assert_int_equal(e.code, ERR_GUEST_GONE);
}

static void
sending_stops_without_credit(void **state)
{
	static uint8_t block[2 * CHANNEL_WINDOW];
	struct rig *r = *state;
	struct file_write record = {.path = "a", .has_path = true};
	const struct stream_request q = {
		.sandbox = RIG_SANDBOX,
		.boot = 1,
		.kind = &kind_file_write,
		.record = &record,
		.timeout_ms = 5000,
		.events = &events,
		.owner = &seen,
	};
	struct err e;
	struct stream *s = stream_open(r->gw.channels, &q, &e);
	uint8_t credit[4] = {0, 0, 0, 10};
	uint32_t id;
	int woken;

	assert_non_null(s);
	assert_int_equal(stream_send(s, block, 10), 0); /* not open yet */
	assert_true(rig_guest_greet(r));
	id = rig_guest_open(r);
	assert_int_equal(stream_send(s, block, sizeof(block)), CHANNEL_WINDOW);
	assert_int_equal(stream_send(s, block, 1), 0);
	woken = seen.writable;
	rig_guest_send(r, id, FRAME_CREDIT, 0, credit, sizeof(credit));
	rig_settle(r, 20);
	assert_true(seen.writable > woken);
	assert_int_equal(stream_send(s, block, 100), 10);
	assert_int_equal(r->misbehaved, 0);
}

/* A guest that stands still is not one that does not answer. */
static void
a_held_stream_keeps_its_time(void **state)
{
	struct rig *r = *state;
	struct stream *s;
	struct err e;

	seen = none;
	s = open_read(r, &seen, 150, &e);
	assert_non_null(s);
	assert_true(rig_guest_greet(r));
	assert_int_not_equal(rig_guest_open(r), 0);
	channels_hold(r->gw.channels, RIG_SANDBOX);
	rig_settle(r, 400);
	assert_int_equal(seen.fails, 0);
	channels_release(r->gw.channels, RIG_SANDBOX);
	rig_settle(r, 400);
	assert_int_equal(seen.fails, 1);
	assert_int_equal(seen.code, ERR_GUEST_TIMEOUT);
}

int
main(void)
{
#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		RIG_TEST(a_stream_goes_through_its_life),
		RIG_TEST(ids_rise),
		RIG_TEST(stale_bytes_are_dropped),
		RIG_TEST(a_late_welcome_is_waited_for),
		RIG_TEST(a_claim_tells_the_time_at_which_it_goes_out),
		RIG_TEST(a_silent_guest_is_resynchronised),
		cmocka_unit_test(violations_reset_the_channel),
		RIG_TEST(garbage_resets_the_channel),
		RIG_TEST(credit_is_counted),
		RIG_TEST(late_frames_of_a_reset_stream),
		RIG_TEST(streams_are_bounded),
		RIG_TEST(a_record_that_fits_no_frame_is_refused),
		RIG_TEST(silence_ends_a_stream),
		RIG_TEST(a_held_stream_keeps_its_time),
		RIG_TEST(a_guest_without_credit_is_not_silent),
		RIG_TEST(a_vm_that_is_gone_fails_at_once),
		RIG_TEST(vmctl_away_is_tried_again),
		RIG_TEST(a_new_boot_replaces_the_channel),
		RIG_TEST(sending_stops_without_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
