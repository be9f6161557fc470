/* api/yaml_json.c: the contract's YAML as JSON, at build time: `yaml_json IN.yaml OUT.json`.
 *
 * Only YAML that every reader of it takes the same way: no anchors, tags or merges, no key twice,
 * and plain values that are null, true, false or a number exactly when JSON would say so, too. What
 * YAML 1.1 and 1.2 read differently (yes, ~, 0x10, nothing at all) must be quoted or said
 * otherwise. */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <yaml.h>

enum { YAML_DEPTH_MAX = 64 };

struct reading {
    const char *path;
    yaml_parser_t parser;
    struct buf out;
};

__attribute__((noreturn, format(printf, 3, 4))) static void
give_up(const struct reading *reading, yaml_mark_t at, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s:%zu:%zu: ", reading->path, at.line + 1, at.column + 1);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static yaml_event_t next(struct reading *reading)
{
    yaml_event_t event;
    if (!yaml_parser_parse(&reading->parser, &event))
        give_up(reading, reading->parser.problem_mark, "%s", reading->parser.problem);
    return event;
}

static bool is_json_value(struct str text)
{
    struct json json = json_of(text);
    if (!text.bytes || strchr("\"[{ \t\r\n", text.at[0]))
        return false;
    json_skip(&json);
    return json_done(&json);
}

/* Words and shapes that some reader of YAML takes for something else than text. */
static bool is_doubtful(const char *text)
{
    static const char *const words[] = {"",   "~",  "null", "true", "false", "yes",
                                        "no", "on", "off",  "y",    "n",     "<<"};
    for (size_t i = 0; i < countof(words); i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    /* a number of some kind, a date, minutes and seconds */
    return strchr("0123456789+-.", text[0]) && strpbrk(text, "0123456789") &&
           strspn(text, "0123456789abcdefABCDEF+-.:_xXoOT") == strlen(text) &&
           (strspn(text, "0123456789.") != strlen(text) || strchr(text, '.') == strrchr(text, '.'));
}

static void put_scalar(struct reading *reading, const yaml_event_t *event)
{
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (memchr(text.at, 0, text.bytes))
        give_up(reading, event->start_mark, "U+0000 in a text");
    if (plain && is_json_value(text))
        buf_add_str(&reading->out, text);
    else if (plain && is_doubtful(text.at))
        give_up(reading, event->start_mark, "\"%s\" is read in different ways: quote it", text.at);
    else
        buf_json_string(&reading->out, text);
}

static void put_node(struct reading *reading, const yaml_event_t *event, int depth);

static void put_list(struct reading *reading, int depth)
{
    buf_putc(&reading->out, '[');
    for (bool first = true;; first = false) {
        yaml_event_t event = next(reading);
        bool ends = event.type == YAML_SEQUENCE_END_EVENT;
        if (!ends && !first)
            buf_putc(&reading->out, ',');
        if (!ends)
            put_node(reading, &event, depth);
        yaml_event_delete(&event);
        if (ends)
            break;
    }
    buf_putc(&reading->out, ']');
}

/* Keys, each with a NUL behind it. */
static bool has_key(const struct buf *keys, const char *key)
{
    for (size_t at = 0; at < keys->bytes; at += strlen(keys->data + at) + 1)
        if (strcmp(keys->data + at, key) == 0)
            return true;
    return false;
}

static void put_key(struct reading *reading, const yaml_event_t *event, struct buf *keys)
{
    if (event->type != YAML_SCALAR_EVENT)
        give_up(reading, event->start_mark, "a key that is no text");
    const char *key = (const char *)event->data.scalar.value;
    if (event->data.scalar.anchor || event->data.scalar.tag || strcmp(key, "<<") == 0)
        give_up(reading, event->start_mark, "anchors, tags and merges are not for this file");
    if (strlen(key) != event->data.scalar.length)
        give_up(reading, event->start_mark, "U+0000 in a key");
    if (has_key(keys, key))
        give_up(reading, event->start_mark, "the key \"%s\" a second time", key);
    buf_add(keys, key, strlen(key) + 1);
    buf_json_string(&reading->out, str_of(key));
    buf_putc(&reading->out, ':');
}

static void put_mapping(struct reading *reading, int depth)
{
    struct buf keys = {0};
    buf_putc(&reading->out, '{');
    for (;;) {
        yaml_event_t key = next(reading);
        if (key.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&key);
            break;
        }
        if (keys.bytes)
            buf_putc(&reading->out, ',');
        put_key(reading, &key, &keys);
        yaml_event_delete(&key);
        yaml_event_t value = next(reading);
        put_node(reading, &value, depth);
        yaml_event_delete(&value);
    }
    buf_putc(&reading->out, '}');
    buf_free(&keys);
}

static void put_node(struct reading *reading, const yaml_event_t *event, int depth)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor || tag || event->type == YAML_ALIAS_EVENT)
        give_up(reading, event->start_mark, "anchors, tags and merges are not for this file");
    if (depth >= YAML_DEPTH_MAX)
        give_up(reading, event->start_mark, "deeper than %d levels", YAML_DEPTH_MAX);
    if (event->type == YAML_SCALAR_EVENT)
        put_scalar(reading, event);
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        put_list(reading, depth + 1);
    else if (event->type == YAML_MAPPING_START_EVENT)
        put_mapping(reading, depth + 1);
    else
        give_up(reading, event->start_mark, "a value was due here");
}

static void expect(struct reading *reading, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t event = next(reading);
    if (event.type != type)
        give_up(reading, event.start_mark, "%s", otherwise);
    yaml_event_delete(&event);
}

static void convert(struct reading *reading)
{
    expect(reading, YAML_STREAM_START_EVENT, "no YAML");
    expect(reading, YAML_DOCUMENT_START_EVENT, "the file is empty");
    yaml_event_t root = next(reading);
    put_node(reading, &root, 0);
    yaml_event_delete(&root);
    expect(reading, YAML_DOCUMENT_END_EVENT, "something stands behind the document");
    expect(reading, YAML_STREAM_END_EVENT, "a second document");
    buf_putc(&reading->out, '\n');
}

static int write_file(const char *path, struct str text)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return -1;
    size_t written = fwrite(text.at, 1, text.bytes, file);
    return fclose(file) == 0 && written == text.bytes ? 0 : -1;
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: yaml_json IN.yaml OUT.json\n");
        return 2;
    }
    struct reading reading = {.path = arguments[1]};
    FILE *file = fopen(arguments[1], "rb");
    if (!file) {
        perror(arguments[1]);
        return 1;
    }
    if (!yaml_parser_initialize(&reading.parser))
        abort();
    yaml_parser_set_input_file(&reading.parser, file);
    convert(&reading);
    yaml_parser_delete(&reading.parser);
    fclose(file);
    int err = write_file(arguments[2], buf_str(&reading.out));
    if (err)
        perror(arguments[2]);
    buf_free(&reading.out);
    return err ? 1 : 0;
}
