"""Small pictures in formats that lose detail, as fixed bytes, for the self-test of the decoders."""

from __future__ import annotations

from base64 import b64decode

WIDTH, HEIGHT = 80, 64
PDQ_HEX = "03ad9fab12e6c46ea7d26809bb0d7936639ee00be0dadc38a13aba3ce28aaa3e"
"""PDQ of the picture before any format lost detail; 24x24 pseudo-random greys, smoothed."""

PICTURES: tuple[tuple[str, bytes], ...] = (
    (
        "JPEG",
        b64decode(
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+"
            "MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09P"
            "T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCABAAFADASIAAhEBAxEB/8QAHwAAAQUBAQEB"
            "AQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
            "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1"
            "dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl"
            "5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcF"
            "BAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5"
            "OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0"
            "tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDLueZVuowV"
            "t0++G4Y/SluZodWtfLRX8nsMc5rpr7QppZluNQUDZ/DH0NO0vS0F+08WxEx8ofjmgDg7DT41Mo1CKVVX/V4F"
            "dDpmmWUGnnU0WQOh4yK07iHWbq8ZNQW1SBT+7KgDIrOl1W+Osp4fQwG1k6kYoAh8aXsd1pdibd1MoYcZpsVt"
            "qtze2lxO0RvY1Hk7Tx+NXte8I6Xa28cyzu8xPKq2cVNYaetrpkl5HOGuYh+7Xdk/lQBW1NVlum+3HbqwHzHo"
            "lZ+kXOrSwXsUYRIQCH38bh7VuW0Fp4it862siTL8x8sYPFUrid9alEWnxmODTThuMFgPX1oAn0l7S58JTaWC"
            "VdmzhuDV7wtd3BJ00uixwDALHFNtoNFntjrNy7I8fy7FOM/hWFDdWR1KWe7juRasfkMYOaANubX9Xkv4lPk+"
            "Ueuaybu41DVdea0RhHGvO8HC/nUnimxlt4zbWrgM44yeao6HqMb2/wDYusI+E5DxD5s/WgDp5rJtTtlgu7lF"
            "SEYJV8E1T07wnpkeoi6hmfyx1Z25rCjtfs9xJJcvOLdDmMZOSK09Q1GxufDEn2MXAkBwODmgBj6bc2+rztau"
            "8kUhxlzkU660L+xrZ9YS6Bni+YRl8g/hRHc+ILHQIJXEKwuPlL/erHiW3nkN3rs0ojU5Kq3X8KALEeseIpIV"
            "1tUgCyHaVA7fSugilnltknsDDErjN15mBn1xSaNdeH9Z/wBBsvMSJRkb+BmkvtDtdQL/AG64MVtbdkfaWFAC"
            "y2egSWxuzJKUX7yqeM1UvvGFhZWqQaXaGQrwcx5pLDRDcSCTR3/4k44fzT82ak8QRL4bt47nRkillkPz7wGF"
            "AFby7i7uUk1Vtk6/c5wKm0u3jg1ySdFUzBcksPlqPxHqNlrjpd2yyJbxD58DBqlpt8dUf7BZMFgXnc/DfnQB"
            "s2+rWut3Nwl3EV+zH+FcA1Z0/UNKluhAlu4X1K/LVDT73TraV7KRT5jHaWA4q29/a2Lf2bIEaN+dycn86AE8"
            "RXmnaxGbOUSf6Nygi6Z96xNFsLfWlf8AtrcEiO1PL9PetG5Q+G1N3aRmYXvyKCNxGam0bw9q1pZTeY8Ktcne"
            "oJ55oApvpUCTm205XWBeQ4GD+dUdVsLvUSgjaRI4Pv8AOM1vGw8YQxC3hexWId2IzVu1kkgH2bX3gDy8KYyM"
            "UAYelz3TW/2AArp5+8w4Oah0y50uTVJ7TUJJDBH9zJrqdQn0vR9La1lIk3c/u+TXMav4atbmxjvdLkKvLyQ5"
            "wRQBW1vUkiHkaZF/orf6wlas+FLXQdQlMEZmjugMlicL+dMnmto4GjlX/Qz/AKw4+b8KpHUdJmiSx0USIAc7"
            "m4P50AbF74fn86WGwePLHG5jVZNEj0S0L3spe/zlctkVv/YYLjSBPZvJ9ogTJJPU1xupanFc2btfs/29Wwu0"
            "8YoA6TTdZuLeEzXSIyAZAYZ/Koze3GvRyatA7RG1OArHaD+FZ99KLbQLKe//ANWcY29TReajFqmkvJp4McMa"
            "4cDjNAFxkvNYtlleZhITyEatC+8K2V3p6PeXbeei/Jtk7+9ch4f8RHSZcyfNE3yjPNX9S0fWMHU7WY+TJ8+C"
            "3agB+jabJY6wss0oldeiu2RimalPLd6lKtkWilB+bf8AKn4VHYW8pg/tW7c7UODg1uyx2+rWUZ1seXZjmJoe"
            "GP1oA//Z"
        ),
    ),
    (
        "WEBP",
        b64decode(
            "UklGRmwFAABXRUJQVlA4IGAFAABwHACdASpQAEAAPrVUoU0nJKMiI01Q4BaJaQAUYH1D/e/AHwBei/mf9UPY"
            "BwB9AOoF8e+3/7nx4/VLxB99P9b6gX5J/Lf9h59LwZwX7l/Ze+41UPBXT/4Lv/307fRT/x057zk6sELnsXq+"
            "Hse7PvYr9978C2nM8HsmxyLu3zA7MAowk/uZn+8ZcuCosSZQrAtwjQNlrGAB63sCNmujntZmHWHsGh1AyvF3"
            "7Gb6jF8CU2CHqPPJ+5eCGflrsloRzGs3ciZA4skHuBXyq6NIOdZmAwpRQ8Q4soqm9O6PnkLDsEkT9gbJjV8t"
            "lmR6AAD+qiHhbwxYbsyAD6Mhx849mw5vyz3lQfaTJ6TXtOjGqe7IDhyXQ7LMl9ugu/f2b9+TBh6j4/AdDunp"
            "28NnHK0ITdQgHjZ6IfTANqjYIlIE29chFX4RRv4EYzQehs3smLjPQBDMo4UN08zIBaM+iGMYziejcQah1aOS"
            "UafnPbYwVOPuVhwkUfrP98smIdQpl1fdpPDKHLryyPtLMIYJnMiEN0n94fGY0rH63gEbXnKy1PvNjOdTzQIX"
            "85xMFprAiaw8pRgJLKnuaHJ66aFi06Hbk6R6OQJWU7l9skznCUh7ScYItnflDEcdhq0TOMOm7bvlIYz7xHqu"
            "fy6bPh/nVN70+3HvpIqvzWF6m6oZ7RSwU5rrgsKmhPD/cjpameojfnDrTqMAdEnUlSGACr4L6Ox/iEVzVDgj"
            "bExbV/nj9JIkaFBLhmoq/XgXzV8sseNykAbkdoQWmVc4XT7IbI6tNnxkzb548uesJvyH8h40olZfNOcQhA9W"
            "RlPYyPKlDdeymnAcw5BI5DByvSK3mMizQ8tb8bUD5zpoxmLhPCNbSfroSln2aoRUTXg3O52gPzF5CNuoluaV"
            "jX8kJNNEbIdt3S5/OxPH8q+93xyuP65tbEfWf2RHcDfk66JJApco7JWzEs3zb+M8dbjmFJJuB1dhooU5WUZv"
            "44jVmTCzwjo9W8eaJHk2OHrnQGi9hxS8+pOzdrN8xKA6FHzgOiPBvlxfgrhoMdo7cn6exOcjrhQeU/7/KTeZ"
            "qB6MVeWE7j6VO9fhG/2q4IDHVpxI0VkjyMfnZ78n6VqGj6lR+Lo1b4eiNurbc1dlU/l45+FCuY0IDXo+VBN2"
            "1AIh/hheN90M/bqbl+NfrC/vFJmrTNtJZ2aSVrneOjLajgvvKf8hIFaCoolcO4xlEPzGdmYRTFeeq8yi5U7v"
            "8vYgGWPz0lYsPK0lL33ayaL80RKAXRUG/R+N/FvAyB6zJqTmEzoz+MlvBcS404KdOEohO34gj1/N+I20Z91v"
            "5Bim7mvjVjyOCpuCMW+mPGLmsyZ396GA6QWb3reAYqqKNmtK9RDDD9u0AJNIUJp3Ooo3ABYZ+qp8/0rchiZu"
            "csP7TT2hfCCkEHE5VMIZvdcGDz/R3XytujS9NrurqLpGAPgh6s7nrt2Q5X9LdMpr0oClVFuzffTPX6Hxs/KV"
            "5GKenKuQjnYFtI13ZuOKyH7LZyRs4z0d+YXio/9RYzfuEvEAv0Kui8pheeAtVzvzCHm9NWiIHg4vqD+C6o8p"
            "elVTamlPEwgVmt7BQyS41fiuQYFNpw+a9dzhwz8K8Xr6mHf+kg2UsCo30AbbCmwjp7yDIxtUcukyZCf0rRMN"
            "Ns1+5OXi71ZqJp7W+ShiYE9kLoj5TD8Z4lvi3MNIdsuTyb4bnkOvhJVSfa9gFt4sJbukXYyBaI6j8wb37Cyg"
            "yc+1vyVB8u9TA8FsXOb17D+1kQ4Io+WIBDg2yDfN2EoSMQT2BhzclqVzRswVLdZC2Mr5uYdHqX+UYuEA/uWf"
            "g9EOrdefUyyAAA=="
        ),
    ),
    (
        "HEIF",
        b64decode(
            "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAA"
            "AAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAA1AAAAAjaWluZgAAAAAAAQAAABVp"
            "bmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAA"
            "AAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAA"
            "AwAeoCiBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAU"
            "aXNwZQAAAAAAAABQAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAA1htZGF0"
            "AAADTCgBrxOA5gAePDQWto5dMN4aXOsIIvvbIlfVOjrFMuGART9GqGvfxpRXy0UJAWCpB5mDsSz8XIIUS7t1"
            "7NZOA8VajZ0SI7HS+RGWblB8WswmXIwYOQr9TNygpOadhHYIeDirGAf6MA/YIgdUpPMwYoHBRm6bRwODNaD2"
            "/dUlwZQCQWSbPG8vkGeg6b7LLqgnNwbfGZEtGt4cPy9omKSg0dfBhekPiVHVRn0xLSLcIsF0G/c1IUZhFOpd"
            "lJveBz3Pe3WOZGdR/elZSLq/M25gBVpmHFiYJMFggMDQIaqo7mD1Xqv02KGcw3jzheF4cgE5+SPgBe36c3XD"
            "R2LvXDmgAlUf2BEPjnWrjIYusefr7YIWa1ZKDqq8GBgEM2wvkyMJ4i3N13tN1RGkx0izxje3eWzm0pr0RWOz"
            "vuB9MZgLTI6kll4v3yFbDSg49TD5Crb09h4TGxK2sjh++fNrV57gjy/yQnQN1Qsme/2/k998yCvsxPFZNN62"
            "jIvSNvesqzgrN+PZACtXGhAMNlT+BYFvfBUOa7gFRFoIa5SzhdTO70Tjz1j/EV9YRvXxMu8U75VzITGqEhxH"
            "dusHKDTdyqadHjXZS+D4Iu5jpq6LHPnvMR72y+Ok7lcKU8rz+2/WeAyofy9Ca6zsN8V/7T/H/7xGYEElpMsv"
            "lvbeJsAKNBbu0S59cd3ecQhXZJOK9/Jz6vCERxGv85ieKqB/K49nDH2oR+UWuTlQAfVosP12iGGrc2AeA+JR"
            "iRkcSN7VjT28Bm0ieKvrVyTE6Rb+jXKCk6veBt7eJKauIpO9K3U3RUxwQwiph92SD3EioIGWtTdGyGX8Dfls"
            "I8mlKmgZHaCJGo7mUZ5Q/gTJKHZKUJ0ws9tEQyKcXrkOtEcpY/rbKVt57Jdn4zvE34ZFX7x3UkhaNmrOLT6z"
            "dQQG8YTW0lFp6Y+6+CxbMGl3PnI2Y4ad6iEPOqANVW05vwMlcGHX4twQ3n69di1Gvj3eJ4Cnd4vwgMaLtcyF"
            "PbUVhh3MAqaFSbQG7tm8ToRF+ejVtKGGF+neMajRSc4oiaurxPkX09/PAZo51CgShfoI/wYS9ZQwgHSQZ4BC"
            "e5iidr37kKn20tn6515w59W4tmsqA8XGIuC0rzQ="
        ),
    ),
    (
        "AVIF",
        b64decode(
            "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGlj"
            "dAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAACcwAAAChp"
            "aW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAA"
            "AAAAUAAAAEAAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1h"
            "AAAAAAAAAAEAAQQBAoMEAAACe21kYXQSAAoJGBln/tEBDQaEMuMEFKPDwxAeeeeaAAC29OOq5NOFBF39lQeM"
            "i/sZPCjNTLsl/a8Aq0EzDYXuQIm0nV8siJtxDYyqucGnzbR4vi1alNH2+4yzmkri6woJUPPRAtKDRK7PuQCh"
            "AX6zDboToV8GNxnfCZBmqwKxC5jFz+Ufw79UBHW+ZYe9348UP0txpPmVbd/py7mq5WMHHtBA8NwTyeTY9VkV"
            "281YpsS7vDrgpSIA5iFWxpoDZSWcUtmr3d9P6P1lQynksnyqlUAWn/tjhdMFdETAgP9e0KX1Sy/A8CNyiuyO"
            "LGdH+W87ULe2vWIB2+IBdFF0npyvEeVXqSM/OkMTJseR6yvuvJ3h+kMDMfPV7eMHXqZR1PDgQaP0zm+aH4Km"
            "puV2CIpdPuDiqgFrbJxwIpBfkL9LzahqbgQpqZWlUG/txyKOBFUbCcSwxLlnPQI+Rgr7zh4JJ7eNAWeMudCt"
            "TJvBcToAvaTNnZQ71IZedtpatbgYySgf/VAjtworGiSfRr23Tn37tBAaLd0UxyRc17sJRlHA7iaUK6teOdWV"
            "ZGKc6QyfDLpPJKOpRmMf4taalPc+/YOaU1BbHNR0Y5KZDSfCplmFGcXAJsLzhPMDIKA21x+r0FgMCqPU+gK4"
            "RLv9EzqRK9W8Thbdop3N3wcTn5k+PD7nKyxY37IvfF5al+uDOyubHs6VLBWcWTNAVMZvi91rCJPZi88Bv64/"
            "C0M4YVST5jPuvSf5eQ7WGsxR1yU+Xl33v5Z2AA9DwG8bfIwerJGrziEcJoH5O4Ailh+H2PpqflS1HYmbvy9d"
            "RSDbbsOILG/1FI6PHxjZYcznjhA="
        ),
    ),
)
"""Pillow's name of the format, and the file."""
