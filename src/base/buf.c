/* base/buf.c: borrowed text, growing text, and the escaping of the formats we write. */
#include "base/buf.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct str str_of(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

bool str_is_nocase(struct str text, const char *other)
{
    size_t bytes = strlen(other);
    return text.bytes == bytes && (bytes == 0 || strncasecmp(text.at, other, bytes) == 0);
}

bool str_starts(struct str text, const char *start)
{
    size_t bytes = strlen(start);
    return text.bytes >= bytes && (bytes == 0 || memcmp(text.at, start, bytes) == 0);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct str str_trim(struct str text)
{
    while (text.bytes && is_blank(text.at[0])) {
        text.at++;
        text.bytes--;
    }
    while (text.bytes && is_blank(text.at[text.bytes - 1]))
        text.bytes--;
    return text;
}

struct str str_cut(struct str *rest, char mark)
{
    const char *found = rest->bytes ? memchr(rest->at, mark, rest->bytes) : NULL;
    struct str part = *rest;
    if (!found) {
        *rest = (struct str){0};
        return part;
    }
    part.bytes = (size_t)(found - rest->at);
    rest->at = found + 1;
    rest->bytes -= part.bytes + 1;
    return part;
}

void buf_reserve(struct buf *buf, size_t more)
{
    if (buf->room - buf->bytes > more)
        return;
    size_t room = buf->room ? buf->room : 64;
    while (room - buf->bytes <= more)
        room *= 2;
    buf->data = xrealloc(buf->data, room);
    buf->room = room;
    buf->data[buf->bytes] = '\0'; /* also when nothing comes of the reservation */
}

void buf_add(struct buf *buf, const void *data, size_t bytes)
{
    buf_reserve(buf, bytes);
    if (bytes)
        memcpy(buf->data + buf->bytes, data, bytes);
    buf->bytes += bytes;
    buf->data[buf->bytes] = '\0';
}

void buf_add_str(struct buf *buf, struct str text)
{
    buf_add(buf, text.at, text.bytes);
}

void buf_puts(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char byte)
{
    buf_add(buf, &byte, 1);
}

void buf_put_whole(struct buf *buf, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buf_add(buf, digits + at, sizeof(digits) - at);
}

/* Mostly there is room already, and once is enough. */
void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    buf_reserve(buf, 0);
    size_t room = buf->room - buf->bytes;
    va_start(arguments, format);
    int bytes = vsnprintf(buf->data + buf->bytes, room, format, arguments);
    va_end(arguments);
    assert(bytes >= 0);
    if ((size_t)bytes >= room) {
        buf_reserve(buf, (size_t)bytes);
        va_start(arguments, format);
        vsnprintf(buf->data + buf->bytes, (size_t)bytes + 1, format, arguments);
        va_end(arguments);
    }
    buf->bytes += (size_t)bytes;
}

void buf_drop(struct buf *buf, size_t bytes)
{
    if (bytes == 0)
        return;
    if (bytes > buf->bytes)
        bytes = buf->bytes;
    memmove(buf->data, buf->data + bytes, buf->bytes - bytes + 1);
    buf->bytes -= bytes;
}

void buf_clear(struct buf *buf)
{
    buf->bytes = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->data, buf->bytes};
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

/* How many bytes at the front JSON takes as they are and need no look at their UTF-8. */
static size_t plain_bytes(struct str text)
{
    size_t bytes = 0;
    while (bytes < text.bytes && (signed char)text.at[bytes] >= ' ' && text.at[bytes] != '"' &&
           text.at[bytes] != '\\' && text.at[bytes] != 0x7f)
        bytes++;
    return bytes;
}

void buf_json_string(struct buf *buf, struct str text)
{
    buf_putc(buf, '"');
    while (text.bytes) {
        uint32_t code;
        size_t plain = plain_bytes(text);
        buf_add(buf, text.at, plain);
        text.at += plain;
        text.bytes -= plain;
        if (!text.bytes)
            break;
        size_t bytes = utf8_next(text, &code);
        if (code == '"' || code == '\\')
            buf_printf(buf, "\\%c", (char)code);
        else if (code < 0x20 || code == 0x7f)
            buf_printf(buf, "\\u%04x", (unsigned)code);
        else if (code == UTF8_BAD)
            buf_puts(buf, "\\ufffd");
        else
            buf_add(buf, text.at, bytes);
        text.at += bytes;
        text.bytes -= bytes;
    }
    buf_putc(buf, '"');
}

void buf_xml_text(struct buf *buf, struct str text)
{
    uint32_t code;
    for (size_t took; text.bytes; text.at += took, text.bytes -= took) {
        took = utf8_next(text, &code);
        switch (code) {
        case '&': buf_puts(buf, "&amp;"); break;
        case '<': buf_puts(buf, "&lt;"); break;
        case '>': buf_puts(buf, "&gt;"); break;
        case '"': buf_puts(buf, "&quot;"); break;
        case '\'': buf_puts(buf, "&apos;"); break;
        case UTF8_BAD: utf8_put(buf, 0xFFFD); break; /* one bad byte spoils a whole document */
        default:
            /* XML 1.0 2.2: these have no place in a document, not even escaped */
            if (code != 0xFFFE && code != 0xFFFF && (code >= 0x20 || is_blank((char)code)))
                buf_add(buf, text.at, took);
        }
    }
}

static bool is_unreserved(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

void buf_url_part(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (is_unreserved(byte))
            buf_putc(buf, (char)byte);
        else
            buf_printf(buf, "%%%02X", byte);
    }
}

void buf_form_field(struct buf *buf, const char *name, const char *value)
{
    if (buf->bytes)
        buf_putc(buf, '&');
    buf_url_part(buf, str_of(name));
    buf_putc(buf, '=');
    buf_url_part(buf, str_of(value));
}
