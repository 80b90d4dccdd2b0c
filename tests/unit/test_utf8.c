/* test_utf8.c - against RFC 3629, by its own table and by encoding every character. */
#include "base/utf8.h"

#include "harness/tap.h"

static size_t encode(uint32_t character, char ret[4])
{
	if (character < 0x80) {
		ret[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		ret[0] = (char)(0xc0 | character >> 6);
		ret[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		ret[0] = (char)(0xe0 | character >> 12);
		ret[1] = (char)(0x80 | (character >> 6 & 0x3f));
		ret[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	ret[0] = (char)(0xf0 | character >> 18);
	ret[1] = (char)(0x80 | (character >> 12 & 0x3f));
	ret[2] = (char)(0x80 | (character >> 6 & 0x3f));
	ret[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

TEST(every_character)
{
	for (uint32_t character = 0; character < 0x120000; character++) {
		bool exists = character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
		char bytes[4];
		size_t length = encode(character, bytes);
		uint32_t decoded = 0;
		size_t got = utf8_decode(bytes, length, &decoded);

		REQUIRE(got == (exists ? length : 0));
		REQUIRE(!exists || decoded == character);
		/* one byte less is no character */
		REQUIRE(utf8_decode(bytes, length - 1, &decoded) == 0);
	}
}

TEST(not_utf8)
{
	static const char *const texts[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\xaf",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\xaf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xc3(",
		"\xe2\x28\xa1",
		"\xe2\x82(",
		"\xed\xa0\x80",
	};
	uint32_t character = 7;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_INT(utf8_decode(texts[i], 4, &character), 0);
	CHECK_INT(utf8_decode("", 0, &character), 0);
	CHECK_INT(character, 7);
}

TEST(hidden)
{
	static const uint32_t hidden[] = { 0,      9,      10,     13,     0x1b,   0x7f,   0x85,    0x9b,
					   0xa0,   0xad,   0x200b, 0x200e, 0x202a, 0x202e, 0x2028,  0x2029,
					   0x2060, 0x2066, 0x2069, 0x3000, 0xfeff, 0xfe0f, 0xe0001, 0xe007f },
			      shown[] = { ' ',    'a',    '~',    0xa1,   0xe4,   0x3b1,  0x5d0,
					  0x2010, 0x2027, 0x20ac, 0x4e2d, 0xfffd, 0x1f600 };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		CHECK(character_hidden(hidden[i]));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		CHECK(!character_hidden(shown[i]));
}
