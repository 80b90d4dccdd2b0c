/* http.h - one connection of a small web server: GET and HEAD of files. */
#ifndef HTTP_H
#define HTTP_H

/* Answer requests on @connection until it ends. Files are those below the current directory. */
void http_serve(int connection);

#endif
