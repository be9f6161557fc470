/* sandbox/openai_wire.h: Chat Completions as bytes and back: what a request asks for, refused where
 * the real one refuses, and the objects of an answer. Pure. */
#pragma once
#include "base/buf.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct openai_model {
    const char *id;
    int64_t created;
    const char *shutdown_date; /* NULL: none announced */
    bool reasons;              /* a reasoning model: other parameters, slow unless told "none" */
    const char *effort;        /* its default */
};
const struct openai_model *openai_models(size_t *count_out);
const struct openai_model *openai_model_find(const char *id); /* NULL: not served */

struct openai_error {
    int status;
    const char *type, *param, *code; /* param and code may be NULL */
    char message[256];
};
void openai_error_print(const struct openai_error *error, struct buf *out);

enum { CHAT_MESSAGES_MAX = 2048, CHAT_TOOLS_MAX = 128 };
struct chat {
    cJSON *body; /* what the others point into; chat_fini() */
    const struct openai_model *model;
    const cJSON *messages, *tools; /* arrays; tools NULL: none */
    const cJSON *schema;           /* NULL: free text */
    const char *schema_name;
    bool stream, include_usage, obfuscate;
    bool thinks_first; /* a reasoning effort other than none */
    int64_t tokens_max;
};
/* EINVAL with *error_out filled in. */
int chat_read(struct str body, struct chat *chat_out, struct openai_error *error_out);
void chat_fini(struct chat *chat);
bool chat_offers_tool(const struct chat *chat, const char *name);
/* A message's text, whether a string or a list of parts; appended to out. */
void chat_message_text(const cJSON *message, struct buf *out);

struct chat_usage {
    int64_t prompt, cached, completion, reasoning;
};
/* What every object of one answer says. */
struct chat_head {
    const char *id, *model;
    int64_t created;
    bool include_usage, obfuscate;
};
struct chat_tool_piece {
    const char *id, *name; /* both NULL but in the first piece */
    struct str arguments;
};
/* Each writes one whole event, "data: {...}\n\n". */
void chat_chunk_role(const struct chat_head *head, struct buf *out);
void chat_chunk_text(const struct chat_head *head, struct str text, struct buf *out);
void chat_chunk_tool(const struct chat_head *head, const struct chat_tool_piece *piece,
                     struct buf *out);
void chat_chunk_finish(const struct chat_head *head, const char *reason, struct buf *out);
void chat_chunk_usage(const struct chat_head *head, const struct chat_usage *usage,
                      struct buf *out);

struct chat_answer {
    struct str text;      /* may be empty beside a tool */
    const char *tool;     /* NULL: none */
    const char *tool_id;  /* with a tool */
    struct str arguments; /* with a tool */
    const char *finish;   /* "stop", "length", "tool_calls" */
    struct chat_usage usage;
};
void chat_whole(const struct chat_head *head, const struct chat_answer *answer, struct buf *out);
