#include "env_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"

static char *
unquoted(char *value)
{
	size_t n = strlen(value);

	if (n < 2 || value[0] != value[n - 1] || !strchr("'\"", value[0]))
		return value;
	value[n - 1] = '\0';
	return value + 1;
}

static void
apply_line(char *line)
{
	char *name = line + strspn(line, " \t"), *value = strchr(name, '=');

	if (*name == '#' || !value || value == name)
		return;
	*value++ = '\0';
	if (!strpbrk(name, " \t"))
		setenv(name, unquoted(value), 1);
}

void
env_file_apply(const char *path)
{
	/* A FIFO in its place must not hold the command up. */
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	auto_free char *text = malloc(ENV_FILE_MAX + 1);
	char *line, *save = NULL;
	size_t len = 0;
	ssize_t n;

	if (fd < 0 || !text)
		return;
	while (len < ENV_FILE_MAX &&
	       (n = read(fd, text + len, ENV_FILE_MAX - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		apply_line(line);
}
