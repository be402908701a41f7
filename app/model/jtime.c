#include "jtime.h"

#include "timeutil.h"

json_t *
jtime_or_null(int64_t unix_us)
{
	char text[TIME_RFC3339_SIZE];

	if (unix_us == 0)
		return json_null();
	time_rfc3339(text, unix_us, 0);
	return json_string(text);
}
