/* base/buf.h: text borrowed from somebody else (struct str) and text that grows (struct buf). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that belong to somebody else; need not end in NUL. {0} is the empty text. */
struct str {
    const char *at;
    size_t bytes;
};
struct str str_of(const char *text); /* NULL gives the empty text */
/* Inline, so that comparing with a literal costs a look at the length in most cases. */
static inline bool str_is(struct str text, const char *other)
{
    size_t bytes = strlen(other);
    return text.bytes == bytes && (bytes == 0 || memcmp(text.at, other, bytes) == 0);
}
bool str_is_nocase(struct str text, const char *other); /* ASCII letters only */
bool str_starts(struct str text, const char *start);
struct str str_trim(struct str text); /* spaces, tabs, CR and LF off both ends */
/* Cuts the part before the first `mark` off the front of *rest and returns it; without a mark, all
 * of it. */
struct str str_cut(struct str *rest, char mark);

/* Growing bytes; {0} is valid and empty. data always ends in a NUL that bytes does not count, and
 * is NULL as long as nothing was ever added. */
struct buf {
    char *data;
    size_t bytes;
    size_t room;
};
void buf_add(struct buf *buf, const void *data, size_t bytes);
void buf_add_str(struct buf *buf, struct str text);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char byte);
void buf_put_whole(struct buf *buf, uint64_t number); /* decimal; quicker than buf_printf */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_reserve(struct buf *buf, size_t more); /* room for that many more bytes and a NUL */
void buf_drop(struct buf *buf, size_t bytes);   /* off the front */
void buf_clear(struct buf *buf);                /* keeps its memory */
void buf_free(struct buf *buf);
struct str buf_str(const struct buf *buf);   /* borrowed until the buf changes */
const char *buf_text(const struct buf *buf); /* the same with its NUL; "" when empty */

/* One format's own escaping, so that a tenant's text never leaves its place. */
void buf_json_string(struct buf *buf, struct str text); /* with quotes; bad UTF-8 becomes U+FFFD */
void buf_xml_text(struct buf *buf,
                  struct str text); /* text or attribute value; bad UTF-8 becomes U+FFFD */
void buf_url_part(struct buf *buf, struct str text); /* percent-encoded, RFC 3986 unreserved kept */
/* name=value of a form body, with an & before it when the buf is not empty. */
void buf_form_field(struct buf *buf, const char *name, const char *value);
