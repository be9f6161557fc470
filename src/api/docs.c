/* api/docs.c: files that were built in. */
#include "api/docs.h"

#include "api/contract.h"
#include "api/request_private.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

extern const struct embedded docs_files[];

enum { TAG_BYTES = 2 + 32 + 1 }; /* half a SHA-256 in quotes */

static const struct page {
    const char *path, *file, *type;
    bool packed; /* by gzip, when it was built; every browser unpacks */
} pages[] = {
    {"/openapi.yaml", "openapi.yaml", "application/yaml", false},
    {"/docs", "index.html", "text/html; charset=utf-8", false},
    {"/docs/docs.js", "docs.js", "text/javascript; charset=utf-8", false},
    {"/docs/favicon-32x32.png", "favicon-32x32.png", "image/png", false},
    {"/docs/swagger-ui.css", "swagger-ui.css.gz", "text/css; charset=utf-8", true},
    {"/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js.gz", "text/javascript; charset=utf-8",
     true},
};

static const struct embedded *file_named(const char *name)
{
    const struct embedded *file = docs_files;
    while (file->name && strcmp(file->name, name) != 0)
        file++;
    return file->name ? file : NULL;
}

static void put_tag(struct str text, char tag_out[TAG_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = {0};
    sha256(text, digest);
    hex_put(&hex, digest, sizeof(digest) / 2);
    snprintf(tag_out, TAG_BYTES, "\"%s\"", buf_text(&hex));
    buf_free(&hex);
}

/* Scripts come from here alone. Swagger UI sets styles and has small pictures in its style sheet.
 */
static void set_guards(struct http_req *req)
{
    http_set_header(req, "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
                    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
                    "form-action 'none'; frame-ancestors 'none'");
    http_set_header(req, "X-Content-Type-Options", "nosniff");
    http_set_header(req, "Referrer-Policy", "no-referrer");
}

static bool unpacks(const struct http_req *req)
{
    const char *accepted = http_header(req, "Accept-Encoding");
    return accepted && (strstr(accepted, "gzip") || strchr(accepted, '*'));
}

static void send_file(struct http_req *req, struct str text, const char *type, bool packed)
{
    char tag[TAG_BYTES];
    put_tag(text, tag);
    set_guards(req);
    http_set_header(req, "ETag", tag);
    http_set_header(req, "Cache-Control", "no-cache"); /* ask again whether it is still this one */
    if (packed) {
        http_set_header(req, "Vary", "Accept-Encoding");
        http_set_header(req, "Content-Encoding", "gzip");
    }
    if (request_knows(req, tag))
        http_reply(req, 304, NULL, (struct str){0});
    else
        http_reply(req, 200, type, text);
}

void docs_get(struct http_req *req)
{
    if (str_is(req->path, "/openapi.json")) {
        send_file(req, contract_file[0].text, "application/json", false);
        return;
    }
    for (size_t i = 0; i < countof(pages); i++) {
        const struct embedded *file = file_named(pages[i].file);
        if (!str_is(req->path, pages[i].path) || !file)
            continue;
        if (pages[i].packed && !unpacks(req))
            http_fail(req, 406, "this file is only there packed: accept gzip");
        else
            send_file(req, file->text, pages[i].type, pages[i].packed);
        return;
    }
    http_fail(req, 404, "there is no such page");
}
