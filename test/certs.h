/* test/certs.h: a certificate authority of one test run, and a certificate it signed. */
#pragma once

struct certs {
    char folder[64];
    char ca_file[100], cert_file[100], key_file[100];
};
/* names as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1" */
void certs_make(struct certs *certs_out, const char *names);
void certs_remove(struct certs *certs);
