/*
 * One line per fact on standard error: `ts=... level=... prog=... key=value`.
 * Values are quoted and escaped. Only main.c and the dispatchers call this.
 */
#pragma once

enum log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR
};

void log_init(const char *prog, enum log_level least);
/* debug, info, warn or error; -1 for any other name. */
int log_level_from_name(const char *name);

/* `what` is a constant phrase; then pairs of const char *key, *value; NULL. */
void log_write(enum log_level level, const char *what, ...)
	__attribute__((sentinel));

#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__, (char *)NULL)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__, (char *)NULL)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__, (char *)NULL)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__, (char *)NULL)
