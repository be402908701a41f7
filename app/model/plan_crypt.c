#include "plan_crypt.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "id.h"

/* Sealed bytes: version 1, a random nonce, the tag, the cipher text. */
#define PLAN_VERSION 1
#define NONCE_SIZE 12
#define TAG_SIZE 16

_Static_assert(PLAN_OVERHEAD == 1 + NONCE_SIZE + TAG_SIZE, "layout");

static void
cipher_free(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c);
}

#define auto_cipher __attribute__((cleanup(cipher_free)))

static bool
seal_into(const uint8_t *key, const char *sandbox, const void *plain, int n,
	  uint8_t *out)
{
	auto_cipher EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t *nonce = out + 1;
	uint8_t *tag = nonce + NONCE_SIZE;
	uint8_t *text = tag + TAG_SIZE;
	int len;

	out[0] = PLAN_VERSION;
	random_bytes(nonce, NONCE_SIZE);
	return c &&
	       EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) &&
	       EVP_EncryptUpdate(c, NULL, &len, (const uint8_t *)sandbox,
				 (int)strlen(sandbox)) &&
	       EVP_EncryptUpdate(c, text, &len, plain, n) && len == n &&
	       EVP_EncryptFinal_ex(c, text + n, &len) && len == 0 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag);
}

int
plan_crypt_seal(const uint8_t key[PLAN_KEY_SIZE], const char *sandbox,
		const void *plain, size_t n, struct buf *out, struct err *e)
{
	uint8_t *p = n <= INT_MAX ? buf_reserve(out, PLAN_OVERHEAD + n) : NULL;

	if (!p)
		return err_set(e, ERR_INTERNAL, "seal plan: too large");
	if (!seal_into(key, sandbox, plain, (int)n, p))
		return err_set(e, ERR_INTERNAL, "seal plan: cipher failed");
	out->len += PLAN_OVERHEAD + n;
	return 0;
}

static bool
open_into(const uint8_t *key, const char *sandbox, const uint8_t *sealed, int n,
	  uint8_t *out)
{
	auto_cipher EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	const uint8_t *nonce = sealed + 1;
	const uint8_t *text = nonce + NONCE_SIZE + TAG_SIZE;
	uint8_t tag[TAG_SIZE];
	int len;

	memcpy(tag, nonce + NONCE_SIZE, TAG_SIZE);
	return c &&
	       EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) &&
	       EVP_DecryptUpdate(c, NULL, &len, (const uint8_t *)sandbox,
				 (int)strlen(sandbox)) &&
	       EVP_DecryptUpdate(c, out, &len, text, n) && len == n &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) &&
	       EVP_DecryptFinal_ex(c, out + n, &len) > 0;
}

int
plan_crypt_open(const uint8_t key[PLAN_KEY_SIZE], const char *sandbox,
		const void *sealed, size_t n, struct buf *out, struct err *e)
{
	const uint8_t *s = sealed;
	size_t plain = n - PLAN_OVERHEAD;
	uint8_t *p;

	if (n < PLAN_OVERHEAD || plain > INT_MAX || s[0] != PLAN_VERSION)
		return err_set(e, ERR_INTERNAL, "open plan: not a sealed plan");
	/* One byte more, so that an empty plan has memory too. */
	p = buf_reserve(out, plain + 1);
	if (!p)
		return err_set(e, ERR_INTERNAL, "open plan: too large");
	if (!open_into(key, sandbox, s, (int)plain, p)) {
		explicit_bzero(p, plain);
		return err_set(e, ERR_INTERNAL,
			       "open plan: the seal is broken");
	}
	out->len += plain;
	p[plain] = '\0';
	return 0;
}
