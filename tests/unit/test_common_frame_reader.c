/* How a reader finds its way back after anything. */
#include "../support/frame_feed.h"

#define HELLO_LINE "HELLO 0 0 13 eyJ2ZXJzaW9uIjoxfQ==\n" /* {"version":1} */
#define WELCOME_LINE "WELCOME 0 0 13 eyJ2ZXJzaW9uIjoxfQ==\n"

static const uint8_t stale_nonce[FRAME_NONCE] = "another nonce...";

static void
add_hello(struct buf *b, const uint8_t *nonce)
{
	frame_add_hello(b, FRAME_HELLO, nonce, "{\"version\":1}");
}

static void
add_welcome(struct buf *b, const uint8_t *nonce)
{
	frame_add_hello(b, FRAME_WELCOME, nonce, "{\"version\":1}");
}

/* Feeds b in whole and byte by byte to a new reader. */
static void
expect(enum frame_side side, const struct buf *b, bool greeted,
       const char *want)
{
	for (size_t step = 0; step <= 1; step++) {
		auto_feed struct feed f;

		feed_init(&f, side);
		if (greeted)
			feed_hello(&f);
		feed_bytes(&f, b->data, b->len, step);
		assert_string_equal(buf_str(&f.log), want);
	}
}

static void
hello_gives_its_nonce(void **state)
{
	auto_feed struct feed f;
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 4096);
	add_hello(&b, stale_nonce);
	feed_init(&f, FRAME_AGENT);
	assert_true(f.reader.hunting);
	feed_bytes(&f, b.data, b.len, 0);
	assert_string_equal(buf_str(&f.log), HELLO_LINE);
	assert_memory_equal(f.reader.nonce, stale_nonce, FRAME_NONCE);
}

static void
garbage_then_half_frame_then_hello(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buf_add(&b, &(uint8_t){(uint8_t)(i * 7)}, 1);
	frame_add(&b, 3, FRAME_DATA, 0, "never read", 10);
	frame_add(&b, 4, FRAME_DATA, 0, "cut here", 8);
	buf_truncate(&b, b.len - 4);
	add_hello(&b, feed_nonce);
	frame_add(&b, 1, FRAME_DATA, 0, "abc", 3);
	expect(FRAME_AGENT, &b, false, HELLO_LINE "DATA 1 0 3 YWJj\n");
}

/* A HELLO cut at any byte does not swallow the one after it. */
static void
half_hello_then_hello(void **state)
{
	static const char json[] = "{\"version\":1,\"caps\":[\"a\",\"b\",\"c\","
				   "\"longer than the whole of the next\"]}";
	auto_buf struct buf old = {0};

	(void)state;
	buf_init(&old, 4096);
	frame_add_hello(&old, FRAME_HELLO, stale_nonce, json);
	for (size_t cut = 0; cut < old.len; cut++) {
		auto_buf struct buf b = {0};

		buf_init(&b, 4096);
		buf_add(&b, old.data, cut);
		add_hello(&b, feed_nonce);
		expect(FRAME_AGENT, &b, false, HELLO_LINE);
	}
}

/* The agent is inside a frame that will never end: zeros end it. */
static void
zeros_end_a_cut_frame(void **state)
{
	static const uint8_t zeros[FRAME_PAYLOAD_MAX];
	static uint8_t payload[FRAME_PAYLOAD_MAX] = {1};
	auto_feed struct feed f;
	auto_buf struct buf b = {0};
	const char *end;

	(void)state;
	buf_init(&b, 1 << 20);
	frame_add(&b, 1, FRAME_DATA, 0, payload, sizeof(payload));
	buf_truncate(&b, FRAME_HEADER + 1);
	add_hello(&b, feed_nonce); /* swallowed */
	buf_add(&b, zeros, sizeof(zeros));
	add_hello(&b, feed_nonce);
	feed_init(&f, FRAME_AGENT);
	feed_hello(&f);
	feed_bytes(&f, b.data, b.len, 0);
	end = strchr(buf_str(&f.log), '\n');
	assert_string_equal(end, "\nlost\n" HELLO_LINE);
}

static void
zeros_alone_are_dropped(void **state)
{
	static const uint8_t zeros[FRAME_PAYLOAD_MAX];
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 1 << 20);
	buf_add(&b, zeros, sizeof(zeros));
	add_hello(&b, feed_nonce);
	expect(FRAME_AGENT, &b, false, HELLO_LINE);
	expect(FRAME_AGENT, &b, true, "lost\n" HELLO_LINE);
}

static void
stale_welcomes_are_skipped(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 1 << 16);
	add_welcome(&b, stale_nonce);
	frame_add(&b, 1, FRAME_DATA, 1, "old", 3);
	add_welcome(&b, stale_nonce);
	add_welcome(&b, feed_nonce);
	frame_add(&b, 1, FRAME_DATA, 1, "new", 3);
	expect(FRAME_GATEWAY, &b, false, WELCOME_LINE "DATA 1 1 3 bmV3\n");
}

static void
stale_welcome_later_is_an_error(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 1 << 16);
	add_welcome(&b, stale_nonce);
	frame_add(&b, 1, FRAME_DATA, 1, "old", 3);
	expect(FRAME_GATEWAY, &b, true, "lost\n");
	add_welcome(&b, feed_nonce);
	expect(FRAME_GATEWAY, &b, true, "lost\n" WELCOME_LINE);
}

static void
new_hello_in_a_connection(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 1 << 16);
	frame_add(&b, 1, FRAME_OPEN, 0, "{}", 2);
	add_hello(&b, stale_nonce);
	frame_add(&b, 1, FRAME_OPEN, 0, "{}", 2);
	expect(FRAME_AGENT, &b, true,
	       "OPEN 1 0 2 e30=\n" HELLO_LINE "OPEN 1 0 2 e30=\n");
}

static void
malformed_frame_loses_the_rest(void **state)
{
	static const uint8_t bad[FRAME_HEADER] = {0, 0, 0, 0, 0, 0, 0, 1, 77};
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 1 << 16);
	frame_add(&b, 1, FRAME_DATA, 0, "abc", 3);
	buf_add(&b, bad, sizeof(bad));
	frame_add(&b, 1, FRAME_DATA, 0, "abc", 3);
	add_hello(&b, feed_nonce);
	expect(FRAME_AGENT, &b, true, "DATA 1 0 3 YWJj\nlost\n" HELLO_LINE);
}

static void
hello_must_be_text_after_the_magic(void **state)
{
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 4096);
	frame_add_hello(&b, FRAME_HELLO, feed_nonce, "{\"a\":\"\xff\"}");
	expect(FRAME_AGENT, &b, false, "");
	expect(FRAME_AGENT, &b, true, "lost\n");
	buf_reset(&b);
	add_hello(&b, feed_nonce);
	b.data[FRAME_HEADER + 2] ^= 1;
	expect(FRAME_AGENT, &b, false, "");
	expect(FRAME_AGENT, &b, true, "lost\n");
}

static void
hunt_forgets_half_a_frame(void **state)
{
	auto_feed struct feed f;
	auto_buf struct buf b = {0};

	(void)state;
	buf_init(&b, 4096);
	frame_add(&b, 1, FRAME_DATA, 0, "abcdef", 6);
	feed_init(&f, FRAME_AGENT);
	feed_hello(&f);
	feed_bytes(&f, b.data, b.len - 3, 0);
	frame_reader_hunt(&f.reader);
	buf_reset(&b);
	add_hello(&b, feed_nonce);
	feed_bytes(&f, b.data, b.len, 0);
	assert_string_equal(buf_str(&f.log), HELLO_LINE);
}

/* Memory stays within the cap whatever comes, however long it comes. */
static void
memory_is_bounded(void **state)
{
	static uint8_t noise[1 << 16];
	auto_feed struct feed f;

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 2654435761u >> 13);
	feed_init(&f, FRAME_AGENT);
	for (int i = 0; i < 200; i++)
		feed_bytes(&f, noise, sizeof(noise), 0);
	assert_in_range(f.reader.in.size, 1, f.reader.in.cap + 1);
	assert_in_range(f.reader.in.len - f.reader.taken, 0, FRAME_HEADER + 8);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_gives_its_nonce),
		cmocka_unit_test(garbage_then_half_frame_then_hello),
		cmocka_unit_test(half_hello_then_hello),
		cmocka_unit_test(zeros_end_a_cut_frame),
		cmocka_unit_test(zeros_alone_are_dropped),
		cmocka_unit_test(stale_welcomes_are_skipped),
		cmocka_unit_test(stale_welcome_later_is_an_error),
		cmocka_unit_test(new_hello_in_a_connection),
		cmocka_unit_test(malformed_frame_loses_the_rest),
		cmocka_unit_test(hello_must_be_text_after_the_magic),
		cmocka_unit_test(hunt_forgets_half_a_frame),
		cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
