/* base/log.c: log lines in logfmt or JSON on standard error. */
#include "base/log.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level least_level = LOG_INFO;
static bool as_json;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(enum log_level least, bool json)
{
    least_level = least;
    as_json = json;
}

static bool is_plain(const char *value)
{
    return value[0] && !strpbrk(value, " \t\r\n\"=\\");
}

/* A value in quotes can hold anything; what would end the quotes or the line becomes '. */
static void put_value(struct buf *buf, const char *value)
{
    if (is_plain(value)) {
        buf_puts(buf, value);
        return;
    }
    buf_putc(buf, '"');
    for (; *value; value++)
        buf_putc(buf, *value == '"' ? '\'' : (unsigned char)*value < 0x20 ? ' ' : *value);
    buf_putc(buf, '"');
}

void log_with(struct log *log, const char *key, const char *value)
{
    struct buf field = {0};
    buf_printf(&field, " %s=", key);
    put_value(&field, value);
    size_t used = strlen(log->fields);
    if (used + field.bytes < sizeof(log->fields))
        memcpy(log->fields + used, field.data, field.bytes + 1);
    buf_free(&field);
}

static void put_time(struct buf *buf)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    buf_printf(buf, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", utc.tm_year + 1900, utc.tm_mon + 1,
               utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

/* logfmt fields as JSON members: key=value and key="a value". */
static void put_json_fields(struct buf *json, struct str fields)
{
    for (;;) {
        fields = str_trim(fields);
        if (!fields.bytes)
            return;
        struct str key = str_cut(&fields, '=');
        struct str value;
        if (str_starts(fields, "\"")) {
            fields.at++;
            fields.bytes--;
            value = str_cut(&fields, '"');
        } else {
            value = str_cut(&fields, ' ');
        }
        buf_putc(json, ',');
        buf_json_string(json, key);
        buf_putc(json, ':');
        buf_json_string(json, value);
    }
}

void log_line(enum log_level level, const struct log *log, const char *event, const char *format,
              ...)
{
    if (level < least_level)
        return;
    char more[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(more, sizeof(more), format, arguments);
    va_end(arguments);
    for (char *c = more; *c; c++)
        if ((unsigned char)*c < 0x20)
            *c = ' ';

    struct buf line = {0};
    const char *inherited = log ? log->fields : "";
    buf_puts(&line, as_json ? "{\"ts\":\"" : "ts=");
    put_time(&line);
    buf_printf(&line, as_json ? "\",\"level\":\"%s\",\"event\":\"%s\"" : " level=%s event=%s",
               level_names[level], event);
    if (as_json) {
        put_json_fields(&line, str_of(inherited));
        put_json_fields(&line, str_of(more));
        buf_putc(&line, '}');
    } else {
        buf_printf(&line, "%s%s%s", inherited, more[0] ? " " : "", more);
    }
    buf_putc(&line, '\n');
    /* one write, so that lines of several processes do not mix; a full pipe loses the line */
    ssize_t written = write(STDERR_FILENO, line.data, line.bytes);
    (void)written;
    buf_free(&line);
}
