#include "timeutil.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US 1000000

static int64_t
now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * US + t.tv_nsec / 1000;
}

int64_t
time_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t
time_mono_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
time_unix_us(void)
{
	return now_us(CLOCK_REALTIME);
}

void
time_rfc3339(char out[TIME_RFC3339_SIZE], int64_t unix_us, int millis)
{
	int64_t us = ((unix_us % US) + US) % US;
	time_t s = (time_t)(unix_us / US - (unix_us % US < 0));
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	/* strftime's %Y has no leading zeros. */
	n = (size_t)snprintf(out, TIME_RFC3339_SIZE, "%04d", tm.tm_year + 1900);
	n += strftime(out + n, TIME_RFC3339_SIZE - n, "-%m-%dT%H:%M:%S", &tm);
	if (millis && us >= 1000)
		snprintf(out + n, TIME_RFC3339_SIZE - n, ".%03uZ",
			 (unsigned)(us / 1000));
	else
		snprintf(out + n, TIME_RFC3339_SIZE - n, "Z");
}

/* Exactly n digits with a value in [lo, hi], then the character `after`. */
static int
take(const char **s, int n, int lo, int hi, char after, int *out)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		char c = *(*s)++;

		if (c < '0' || c > '9') {
			(*s)--;
			return -1;
		}
		v = v * 10 + (c - '0');
	}
	if (v < lo || v > hi || (after && *(*s)++ != after))
		return -1;
	*out = v;
	return 0;
}

/* ".123" and finer; digits past the sixth are cut. */
static int
take_fraction(const char **s, int64_t *out_us)
{
	int64_t us = 0, unit = US / 10;
	int digits = 0;

	if (**s != '.')
		return 0;
	for (++*s; **s >= '0' && **s <= '9'; ++*s, unit /= 10, digits++)
		us += (**s - '0') * unit;
	if (digits < 1 || digits > 9)
		return -1;
	*out_us = us;
	return 0;
}

/* "Z" or "+02:00" to the end of the text. */
static int
take_offset(const char *s, int *out_minutes)
{
	int sign = *s == '-' ? -1 : 1;
	int h, m;

	if (strcmp(s, "Z") == 0) {
		*out_minutes = 0;
		return 0;
	}
	if (*s != '+' && *s != '-')
		return -1;
	s++;
	if (take(&s, 2, 0, 23, ':', &h) || take(&s, 2, 0, 59, 0, &m) || *s)
		return -1;
	*out_minutes = sign * (h * 60 + m);
	return 0;
}

static int
days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30,
				   31, 31, 30, 31, 30, 31};
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

int
time_parse_rfc3339(const char *s, int64_t *out_unix_us)
{
	struct tm tm = {0};
	int year, month, offset;
	int64_t us = 0;

	if (take(&s, 4, 0, 9999, '-', &year) ||
	    take(&s, 2, 1, 12, '-', &month) ||
	    take(&s, 2, 1, days_in(year, month), 'T', &tm.tm_mday) ||
	    take(&s, 2, 0, 23, ':', &tm.tm_hour) ||
	    take(&s, 2, 0, 59, ':', &tm.tm_min) ||
	    take(&s, 2, 0, 59, 0, &tm.tm_sec) || take_fraction(&s, &us) ||
	    take_offset(s, &offset))
		return -1;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*out_unix_us = ((int64_t)timegm(&tm) - (int64_t)offset * 60) * US + us;
	return 0;
}
