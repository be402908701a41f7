/* Which frames a reader takes: generated from the rows of channel.def. */
#include "../support/frame_feed.h"

static const struct row {
	enum frame_type type;
	bool control;
	bool from[2]; /* by enum frame_side */
} rows[] = {
#define FRAME(name, value, control, gateway, agent) \
	{FRAME_##name, (control), {(gateway), (agent)}},
#include "channel.def"
#undef FRAME
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *
row_of(unsigned type)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((unsigned)rows[i].type == type)
			return &rows[i];
	return NULL;
}

static enum frame_side
other(enum frame_side side)
{
	return side == FRAME_AGENT ? FRAME_GATEWAY : FRAME_AGENT;
}

/* A payload that is right for the type; its length. */
static size_t
payload_of(unsigned type, uint8_t out[64])
{
	auto_buf struct buf b = {0};

	buf_init(&b, 128);
	if (type == FRAME_HELLO || type == FRAME_WELCOME)
		frame_add_hello(&b, type, feed_nonce, "{\"version\":1}");
	else if (type == FRAME_CREDIT)
		frame_add_credit(&b, 1, 1000);
	else if (type != FRAME_RESET)
		frame_add(&b, 1, FRAME_DATA, 0, "payload", 7);
	if (b.len == 0)
		return 0;
	memcpy(out, b.data + FRAME_HEADER, b.len - FRAME_HEADER);
	return b.len - FRAME_HEADER;
}

static size_t
raw_frame(uint8_t *out, unsigned type, uint32_t stream, uint8_t flags)
{
	size_t n = payload_of(type, out + FRAME_HEADER);
	uint8_t head[FRAME_HEADER] = {
		0,    0, 0, (uint8_t)n, 0, 0, 0, (uint8_t)stream, (uint8_t)type,
		flags};

	memcpy(out, head, sizeof(head));
	return FRAME_HEADER + n;
}

static void
expect(enum frame_side side, const uint8_t *p, size_t n, bool taken)
{
	auto_feed struct feed f;

	feed_init(&f, side);
	feed_hello(&f);
	feed_bytes(&f, p, n, 0);
	assert_int_equal(f.frames, taken ? 2 : 1);
	assert_int_equal(f.reader.hunting, !taken);
	if (!taken)
		assert_string_equal(buf_str(&f.log), "lost\n");
}

static void
type_stream_and_side(void **state)
{
	uint8_t raw[128];

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		for (uint32_t stream = 0; stream <= 1; stream++)
			for (int side = FRAME_GATEWAY; side <= FRAME_AGENT;
			     side++) {
				const struct row *r = row_of(type);
				size_t n = raw_frame(raw, type, stream, 0);

				expect(side, raw, n,
				       r && r->from[other(side)] &&
					       r->control == (stream == 0));
			}
}

/* Only DATA has flags; the last two bytes are 0 in every frame. */
static void
flags_and_zeros(void **state)
{
	uint8_t raw[128];

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (int side = FRAME_GATEWAY; side <= FRAME_AGENT; side++) {
			enum frame_type type = rows[i].type;
			size_t n = raw_frame(raw, type, !rows[i].control, 0x81);

			if (!rows[i].from[other(side)])
				continue;
			expect(side, raw, n, type == FRAME_DATA);
			raw[9] = 0;
			expect(side, raw, n, true);
			raw[10] = 1;
			expect(side, raw, n, false);
			raw[10] = 0;
			raw[11] = 0x80;
			expect(side, raw, n, false);
		}
}

static void
lengths(void **state)
{
	static const uint8_t big[FRAME_HEADER] = {0, 1, 0, 1, 0, 0, 0, 1, 5};
	static const uint8_t huge[FRAME_HEADER] = {255, 255, 255, 255, 0,
						   0,	0,   1,	  5};
	static const uint8_t credit[FRAME_HEADER + 5] = {0, 0, 0, 5, 0,
							 0, 0, 1, 6};
	static const uint8_t reset[FRAME_HEADER + 1] = {0, 0, 0, 1, 0,
							0, 0, 1, 9};
	static const uint8_t hello[FRAME_HEADER + 23] = {0, 0, 0, 23, 0,
							 0, 0, 0, 1};

	(void)state;
	expect(FRAME_AGENT, big, sizeof(big), false);
	expect(FRAME_AGENT, huge, sizeof(huge), false);
	expect(FRAME_AGENT, credit, sizeof(credit), false);
	expect(FRAME_AGENT, reset, sizeof(reset), false);
	expect(FRAME_AGENT, hello, sizeof(hello), false);
}

static void
longest_payload(void **state)
{
	static uint8_t payload[FRAME_PAYLOAD_MAX];
	auto_buf struct buf b = {0};
	auto_feed struct feed f;

	(void)state;
	buf_init(&b, 1 << 20);
	memset(payload, 'x', sizeof(payload));
	assert_int_equal(
		frame_add(&b, 1, FRAME_DATA, 0x80, payload, sizeof(payload)),
		0);
	assert_int_equal(
		frame_add(&b, 1, FRAME_DATA, 0, payload, sizeof(payload)), 0);
	feed_init(&f, FRAME_AGENT);
	feed_hello(&f);
	feed_bytes(&f, b.data, b.len, 0);
	assert_int_equal(f.frames, 3);
	assert_int_equal(f.reader.dropped, 0);
}

/* Each prefix asks for more; the rest then gives the one same frame. */
static void
every_prefix_needs_more(void **state)
{
	uint8_t raw[128];

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		size_t n = raw_frame(raw, rows[i].type, !rows[i].control, 0);
		enum frame_side side = rows[i].from[FRAME_GATEWAY]
					       ? FRAME_AGENT
					       : FRAME_GATEWAY;

		for (size_t cut = 0; cut < n; cut++) {
			auto_feed struct feed f;

			feed_init(&f, side);
			feed_hello(&f);
			feed_bytes(&f, raw, cut, 0);
			assert_int_equal(f.frames, 1);
			assert_false(f.reader.hunting);
			feed_bytes(&f, raw + cut, n - cut, 0);
			assert_int_equal(f.frames, 2);
			assert_int_equal(f.reader.dropped, 0);
		}
	}
}

/* All legal frames one after the other, in reads of each size. */
static void
any_reads_give_the_same_frames(void **state)
{
	static const size_t steps[] = {1, 2, 3, 7, 11, 12, 13, 64, 1000};
	uint8_t raw[128];

	(void)state;
	for (int side = FRAME_GATEWAY; side <= FRAME_AGENT; side++) {
		auto_buf struct buf b = {0};
		auto_feed struct feed whole;

		buf_init(&b, 1 << 16);
		for (size_t i = 0; i < ROWS; i++)
			if (rows[i].from[other(side)])
				buf_add(&b, raw,
					raw_frame(raw, rows[i].type,
						  !rows[i].control, 0));
		feed_init(&whole, side);
		feed_hello(&whole);
		feed_bytes(&whole, b.data, b.len, 0);
		for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			auto_feed struct feed f;

			feed_init(&f, side);
			feed_hello(&f);
			feed_bytes(&f, b.data, b.len, steps[i]);
			assert_string_equal(buf_str(&f.log),
					    buf_str(&whole.log));
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_stream_and_side),
		cmocka_unit_test(flags_and_zeros),
		cmocka_unit_test(lengths),
		cmocka_unit_test(longest_payload),
		cmocka_unit_test(every_prefix_needs_more),
		cmocka_unit_test(any_reads_give_the_same_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
