/* The operator's commands. Each returns the program's exit status. */
#pragma once

struct conf;

int command_usage(void);
int command_list(const struct conf *c, int argc, char **argv);
int command_stat(const struct conf *c, int argc, char **argv);
int command_destroy(const struct conf *c, int argc, char **argv);
int command_doctor(const struct conf *c, int argc, char **argv);
