/* base/log.h: one line an event, with the ids of whom it concerns. Phone numbers, words spoken and
 * keys stay out of it.
 *
 * logfmt:  ts=2026-11-22T10:00:00.123Z level=info event=closed call=0190... tenant=0190... why=done
 * JSON:    {"ts":"...","level":"info","event":"closed","call":"0190...","why":"done"}
 * The fields are written once, as logfmt (key=value, key="a value"), and translated for JSON. */
#pragma once
#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Who is speaking: inherited fields such as "call=... tenant=...", printed in each of its lines. */
struct log {
    char fields[160];
};

void log_setup(enum log_level least, bool json); /* to standard error; before the first line */
/* Adds a field to what a log inherits; a value with odd characters is quoted. */
void log_with(struct log *log, const char *key, const char *value);

#define log_debug(log, event, ...) log_line(LOG_DEBUG, log, event, "" __VA_ARGS__)
#define log_info(log, event, ...) log_line(LOG_INFO, log, event, "" __VA_ARGS__)
#define log_warn(log, event, ...) log_line(LOG_WARN, log, event, "" __VA_ARGS__)
#define log_error(log, event, ...) log_line(LOG_ERROR, log, event, "" __VA_ARGS__)
/* log may be NULL. format gives more fields: "why=%s ms=%d"; quote what may hold spaces:
 * "why=\"%s\"". */
void log_line(enum log_level level, const struct log *log, const char *event, const char *format,
              ...) __attribute__((format(printf, 4, 5)));
