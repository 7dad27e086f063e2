#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Reads a stream through a consumer group until it is empty and checks the signature of every entry.
#
#   group_consumer.pl SOCKET KEY_FILE GROUP STREAM…
#
# Prints "good N bad M" and a line for each bad entry. An ambiguous entry is bad, too: its canonical text could be that of
# another one, because of a name with a "=" or a line end, or a value with a line of the form name=.
# Exit status: 0 all entries are good, 1 some are bad, 2 the stream could not be read.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use IO::Socket::UNIX;

sub fail { print STDERR "group_consumer.pl: $_[0]\n"; exit 2 }

my ($path, $key_file, $group, @streams) = @ARGV;
fail('SOCKET KEY_FILE GROUP STREAM…') unless @streams;

open(my $file, '<', $key_file) or fail("$key_file: $!");
chomp(my $hex = <$file>);
my $key = pack('H*', $hex);

my $redis = IO::Socket::UNIX->new(Peer => $path) or fail("$path: $!");
binmode($redis);

sub reply {
    my $line = <$redis>;
    fail('the connection ended') unless defined $line;
    $line =~ s/\r\n\z//;
    my ($kind, $rest) = (substr($line, 0, 1), substr($line, 1));
    return $rest if $kind eq '+' || $kind eq ':';
    fail($rest) if $kind eq '-';
    if ($kind eq '$') {
        return undef if $rest < 0;
        my $bytes = '';
        while (length($bytes) < $rest + 2) {
            read($redis, $bytes, $rest + 2 - length($bytes), length($bytes)) or fail('the connection ended');
        }
        return substr($bytes, 0, $rest);
    }
    fail("unexpected reply $line") unless $kind eq '*';
    return undef if $rest < 0;
    return [map { reply() } 1 .. $rest];
}

sub call {
    print {$redis} '*', scalar(@_), "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @_;
    $redis->flush;
    return reply();
}

# Compares in constant time: every byte, even after a difference.
sub same {
    my ($left, $right) = @_;
    return 0 if length($left) != length($right);
    my $difference = 0;
    $difference |= ord(substr($left, $_, 1)) ^ ord(substr($right, $_, 1)) for 0 .. length($left) - 1;
    return $difference == 0;
}

sub signature_of {
    my ($stream, %fields) = @_;
    my $text = "$stream\n";
    $text .= "$_=$fields{$_}\n" for grep { $_ ne '_sig' } sort { $a cmp $b } keys %fields;
    return hmac_sha256_hex($text, $key);
}

my ($good, $bad) = (0, 0);
for my $stream (@streams) {
    call('XGROUP', 'CREATE', $stream, $group, '0', 'MKSTREAM');
    while (my $answer = call('XREADGROUP', 'GROUP', $group, 'perl', 'COUNT', '100', 'STREAMS', $stream, '>')) {
        for my $entry (@{ $answer->[0][1] }) {
            my ($id, $flat) = @$entry;
            my %fields = @$flat;
            my $twice = 2 * keys(%fields) != @$flat;
            my $misread = grep { /[=\n]/ || $fields{$_} =~ /\n[^=]*=/ } keys %fields;
            if (!$twice && !$misread && defined $fields{_sig} && same($fields{_sig}, signature_of($stream, %fields))) {
                $good++;
            } else {
                $bad++;
                print "bad $stream $id\n";
            }
            call('XACK', $stream, $group, $id);
        }
    }
}
print "good $good bad $bad\n";
exit($bad > 0 ? 1 : 0);
