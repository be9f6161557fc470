/* api/guard.c: the way of every request of the contract to its handler. Each step refuses or hands
 * on; the order is what a stranger may learn: first who he is, then whether there is such a tenant,
 * then his role, then his manners, then the values he sent.
 *
 *   how often (address) -> who -> whose tenant -> role or scope -> how often (person)
 *      -> parameters -> body -> done before? -> handler */
#include "api/guard.h"

#include "api/remote.h"
#include "api/request_private.h"
#include "auth/jwt.h"
#include "base/hash.h"
#include "base/tally.h"
#include "store/keys.h"
#include "store/people.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_S = 60,
    ADDRESS_FACTOR = 4, /* people behind one address */
};

static void refuse_all(struct api_request *request, int status, const char *code,
                       const char *detail, const struct faults *faults)
{
    request_refuse(request, &(struct api_problem){.status = status,
                                                  .code = code,
                                                  .detail = detail,
                                                  .faults = faults->list,
                                                  .fault_count = faults->count});
}

static void refuse_stranger(struct api_request *request)
{
    http_set_header(request->http, "WWW-Authenticate", "Bearer realm=\"karen\"");
    api_fail(request, 401, "unauthorized", "sign in first: the session is missing, over or ended");
}

/* ---- how often ------------------------------------------------------------------------------ */

/* Source: draft-ietf-httpapi-ratelimit-headers. */
static bool is_within(struct api_request *request, const char *policy, const char *who,
                      int64_t quota)
{
    if (!quota || !request->api->tally)
        return true;
    struct tally_count count =
        tally_add(request->api->tally, str_of(who), WINDOW_S, wall_now_ms() / 1000);
    int64_t left = quota - (int64_t)count.count;
    char text[80];
    if (left >= 0 && strcmp(policy, "address") == 0)
        return true;
    snprintf(text, sizeof(text), "\"%s\";q=%lld;w=%d", policy, (long long)quota, WINDOW_S);
    http_set_header(request->http, "RateLimit-Policy", text);
    snprintf(text, sizeof(text), "\"%s\";r=%lld;t=%lld", policy, (long long)(left > 0 ? left : 0),
             (long long)count.reset_in_s);
    http_set_header(request->http, "RateLimit", text);
    if (left >= 0)
        return true;
    request->api->counters.limited++;
    api_fail_limit(request, "too_many_requests", "slow down", count.reset_in_s);
    return false;
}

static bool address_is_within(struct api_request *request)
{
    const char *who = arena_printf(request->http->arena, "ip:%s",
                                   remote_group(request->http, request->api->proxies));
    return is_within(request, "address", who, request->api->requests_per_minute * ADDRESS_FACTOR);
}

static bool person_is_within(struct api_request *request)
{
    char id[UUID_TEXT_BYTES];
    const struct principal *who = &request->who;
    if (who->kind == PRINCIPAL_NOBODY)
        return true;
    uuid_print(who->kind == PRINCIPAL_KEY ? who->key : who->user, id);
    return is_within(request, "person", id, request->api->requests_per_minute);
}

/* ---- what was sent -------------------------------------------------------------------------- */

static bool parameters_fit(struct api_request *request)
{
    struct faults faults = {.arena = request->http->arena};
    const struct parameter *list;
    size_t count = operation_parameters(request->operation, &list);
    for (size_t i = 0; i < count; i++) {
        const char *value = request_value(request->http, &list[i]);
        if (value)
            operation_check_parameter(request->operation, &list[i], value, &faults);
        else if (list[i].required)
            faults.list[faults.count++] = (struct fault){list[i].name, "is missing"};
        if (faults.count == CONTRACT_FAULTS_MAX)
            break;
    }
    if (!faults.count)
        return true;
    refuse_all(request, 400, "invalid_parameter", "a parameter will not do", &faults);
    return false;
}

static bool is_json(const struct http_req *http)
{
    const char *type = http_header(http, "Content-Type");
    size_t bytes = type ? strcspn(type, "; ") : 0;
    struct str name = {type, bytes};
    return str_is_nocase(name, "application/json") ||
           str_is_nocase(name, "application/merge-patch+json");
}

static bool body_fits(struct api_request *request)
{
    struct http_req *http = request->http;
    const struct operation *operation = request->operation;
    struct faults faults = {.arena = http->arena};
    cJSON *body = NULL;
    if (!operation->body_bytes_max || (!http->body.bytes && !operation->body_required))
        return true;
    if (!is_json(http)) {
        api_fail(request, 415, "unsupported_media_type", "send the body as application/json");
        return false;
    }
    if (contract_read_body(http->body, http->arena, &body, &faults)) {
        refuse_all(request, 400, "malformed", "the body is no JSON that could be read", &faults);
        return false;
    }
    if (operation_check_body(operation, body, &faults)) {
        refuse_all(request, 422, "invalid", "a value will not do", &faults);
        return false;
    }
    request->body = body;
    return true;
}

/* If-Match: "7" -> 7. Any other tag is none of ours, so it never matches. */
static bool read_if_match(struct api_request *request)
{
    const char *tag = http_header(request->http, "If-Match");
    char *end = NULL;
    request->if_match = -1;
    if (!tag || strcmp(tag, "*") == 0)
        return true;
    if (tag[0] == '"')
        request->if_match = strtoll(tag + 1, &end, 10);
    if (!end || end == tag + 1 || strcmp(end, "\"") != 0 || request->if_match < 0) {
        api_fail_with(request, ESTALE);
        return false;
    }
    return true;
}

void request_handle(struct api_request *request)
{
    size_t index = (size_t)(request->operation - request->api->operations);
    request->api->handlers[index](request);
}

static void go_on(struct api_request *request)
{
    const char *key = http_header(request->http, "Idempotency-Key");
    if (!person_is_within(request) || !parameters_fit(request) || !body_fits(request) ||
        !read_if_match(request))
        return;
    if (key && request->http->method == HTTP_POST && request->who.kind != PRINCIPAL_NOBODY)
        request_claim_key(request, key);
    else
        request_handle(request);
}

/* ---- who, and what he may -------------------------------------------------------------------- */

static bool role_suffices(const struct api_request *request)
{
    const struct principal *who = &request->who;
    switch (request->operation->access) {
    case ACCESS_PUBLIC: return true;
    case ACCESS_MEMBER: return role_may(who->role, ROLE_MEMBER);
    case ACCESS_ADMIN: return role_may(who->role, ROLE_ADMIN);
    case ACCESS_OWNER: return role_may(who->role, ROLE_OWNER);
    case ACCESS_OPERATOR: return who->is_operator;
    }
    return false;
}

/* A key has no role: what it may is what its scopes say. */
static bool may(const struct api_request *request)
{
    const struct principal *who = &request->who;
    if (who->kind == PRINCIPAL_KEY)
        return request->operation->scope &&
               scope_covers(str_of(who->scopes), request->operation->scope);
    return role_suffices(request);
}

static bool is_own_tenant(const struct api_request *request)
{
    struct uuid named;
    const char *text = http_param(request->http, "tenant_id");
    if (!text || request->operation->access == ACCESS_OPERATOR)
        return true;
    return !uuid_parse(str_of(text), &named) && uuid_equal(named, request->who.tenant);
}

static void on_principal(int err, const struct principal *principal, void *arg)
{
    struct api_request *request = arg;
    if (err == ENOENT) {
        refuse_stranger(request);
        return;
    }
    if (err) {
        api_fail_with(request, err);
        return;
    }
    request->who = *principal;
    request->tenant = principal->tenant;
    if (!is_own_tenant(request))
        api_fail_with(request, ENOENT);
    else if (!may(request))
        api_fail_with(request, EACCES);
    else
        go_on(request);
}

void api_refuse_foreign_page(struct api_request *request)
{
    api_fail(request, 403, "foreign_page", "this request did not come from Karen's own pages");
}

/* A browser sends its cookies with whatever page asks; only our own may change something. */
bool api_is_our_page(const struct api_request *request)
{
    const char *origin = http_header(request->http, "Origin");
    const char *site = http_header(request->http, "Sec-Fetch-Site");
    if (request->http->method == HTTP_GET || request->http->method == HTTP_HEAD)
        return true;
    if (origin)
        return strcmp(origin, request->api->origin) == 0;
    return site && strcmp(site, "same-origin") == 0;
}

static void check_token(struct api_request *request, struct str token)
{
    struct auth_claims claims;
    if (auth_token_check(request->api->keys, token, wall_now_ms() / 1000, &claims)) {
        refuse_stranger(request);
        return;
    }
    people_find_session(request->api->db, claims.tenant, claims.session, on_principal, request,
                        &request->http->waiting);
}

static void find_key(const struct api_request *request, struct str key, principal_fn *on_found,
                     void *arg, struct op **slot)
{
    uint8_t hash[SHA256_BYTES];
    sha256(key, hash);
    people_find_key(request->api->db, (struct str){(const char *)hash, sizeof(hash)}, on_found, arg,
                    slot);
}

/* The token or key of the Authorization header; without bytes: there is none. */
static struct str bearer_of(const struct http_req *http)
{
    struct str token = str_of(http_header(http, "Authorization"));
    return str_is_nocase(str_cut(&token, ' '), "Bearer") ? str_trim(token) : (struct str){0};
}

void api_find_again(const struct api_request *request, principal_fn *on_found, void *arg,
                    struct op **slot)
{
    if (request->who.kind == PRINCIPAL_KEY)
        find_key(request, bearer_of(request->http), on_found, arg, slot);
    else
        people_find_session(request->api->db, request->who.tenant, request->who.session, on_found,
                            arg, slot);
}

bool api_still_may(struct api_request *request, const struct principal *principal)
{
    request->who = *principal;
    return uuid_equal(request->tenant, principal->tenant) && may(request);
}

static void find_out_who(struct api_request *request)
{
    const char *header = http_header(request->http, "Authorization");
    struct str token = bearer_of(request->http);
    if (token.bytes) {
        if (str_starts(token, KEY_START))
            find_key(request, token, on_principal, request, &request->http->waiting);
        else
            check_token(request, token);
        return;
    }
    const char *cookie = api_cookie(request->http, api_session_cookie(request->api));
    if (header || !cookie) {
        refuse_stranger(request);
    } else if (!api_is_our_page(request)) {
        api_refuse_foreign_page(request);
    } else {
        request->cookies = true;
        check_token(request, str_of(cookie));
    }
}

void api_enter(struct http_req *http)
{
    struct api *api = api_of(http);
    struct api_request *request = arena_alloc(http->arena, sizeof(*request));
    size_t index = (size_t)(http_route_of(http) - api->routes) - api_route_count;
    *request = (struct api_request){.http = http,
                                    .api = api,
                                    .operation = &api->operations[index],
                                    .if_match = -1,
                                    .status = api->operations[index].status};
    http->state = request;
    if (!address_is_within(request))
        return;
    if (request->operation->access == ACCESS_PUBLIC)
        go_on(request);
    else
        find_out_who(request);
}
