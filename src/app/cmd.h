/* app/cmd.h: the operator's commands, one a function: what is not `serve`. Each prints for people,
 * answers with an exit code and needs nothing but the database. argv[0] is the command's own name.
 *
 * exit codes: 0 done; 1 it could not be done, standard error says why; 2 the command line is wrong,
 * standard error says how it should be. `karen tenant help` and the like print the help, 0. */
#pragma once

int cmd_migrate(const char *database_url, int argc, char **argv);
int cmd_tenant(const char *database_url, int argc, char **argv);
int cmd_number(const char *database_url, int argc, char **argv);
int cmd_operator(const char *database_url, int argc, char **argv);
int cmd_call(const char *database_url, int argc, char **argv);
