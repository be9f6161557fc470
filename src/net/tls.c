/* net/tls.c: OpenSSL set up the way we want it everywhere. */
#include "net/tls.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static SSL_CTX *context_new(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    assert(context && "OpenSSL gives no context");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    /* Buffers of an idle connection are given back: 34 KB a connection otherwise. A write that must
     * be repeated may come from another address, as our queue moves when it grows. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_bytes,
                           const unsigned char *offered, unsigned offered_bytes, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *found;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&found, chosen_bytes, ours, sizeof(ours) - 1, offered,
                              offered_bytes) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

int tls_server_context(const char *cert_file, const char *key_file, SSL_CTX **context_out,
                       const char **why_out)
{
    SSL_CTX *context = context_new(TLS_server_method());
    const char *why = NULL;
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (SSL_CTX_use_certificate_chain_file(context, cert_file) != 1)
        why = "the TLS certificate file cannot be used";
    else if (!key_file || SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1)
        why = "the TLS key file cannot be used";
    else if (SSL_CTX_check_private_key(context) != 1)
        why = "the TLS key does not belong to the certificate";
    ERR_clear_error();
    if (why) {
        SSL_CTX_free(context);
        *why_out = why;
        return EINVAL;
    }
    *context_out = context;
    return 0;
}

struct roots {
    struct roots *next;
    SSL_CTX *context;
    char *ca_file; /* "" for the system's */
};

SSL_CTX *tls_client_context(const char *ca_file)
{
    static struct roots *known;
    const char *name = ca_file ? ca_file : "";
    for (struct roots *roots = known; roots; roots = roots->next)
        if (strcmp(roots->ca_file, name) == 0)
            return roots->context;
    SSL_CTX *context = context_new(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    int ok = SSL_CTX_set_default_verify_paths(context);
    if (ca_file)
        ok = SSL_CTX_load_verify_locations(context, ca_file, NULL);
    ERR_clear_error();
    if (ok != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    struct roots *roots = xalloc(sizeof(*roots));
    *roots = (struct roots){.next = known, .context = context, .ca_file = xstrdup(name)};
    known = roots;
    return context;
}

static int is_address(const char *host)
{
    unsigned char address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

SSL *tls_client_new(SSL_CTX *context, int fd, const char *host)
{
    SSL *ssl = SSL_new(context);
    assert(ssl);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    int ok = 1;
    char name[256]; /* the macro that sets it wants to be able to write */
    snprintf(name, sizeof(name), "%s", host);
    if (is_address(host)) /* RFC 6066 3: the server name extension carries no addresses */
        ok = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
    else
        ok = SSL_set1_host(ssl, name) && SSL_set_tlsext_host_name(ssl, name);
    assert(ok);
    SSL_set_fd(ssl, fd);
    SSL_set_connect_state(ssl);
    return ssl;
}

const char *tls_why(const SSL *ssl)
{
    static char why[160];
    long verified = SSL_get_verify_result(ssl);
    if (verified != X509_V_OK)
        return X509_verify_cert_error_string(verified);
    unsigned long error = ERR_peek_last_error();
    if (!error)
        return "the TLS handshake was cut off";
    ERR_error_string_n(error, why, sizeof(why));
    return why;
}
